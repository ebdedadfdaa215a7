# For the segmentor alone: the appearances are not read.
data_root = 'data/dyce_data'
load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects')]
size = (500, 500)

train_pipeline = [
    *load,
    dict(type='FrameObjects', size=(500, 500), window=(0.8, 1.0)),
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    dict(type='FrameObjects', size=(500, 500), keep_photo=True),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
segmentation_metrics = [
    dict(type='AmodalIoUMetric', side=58),
    dict(type='AmodalIoUMetric', side=58, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=58, with_given=True, occluders='given', prefix='behind'),
    dict(type='AmodalIoUMetric', photo=True, occluders='given', prefix='photo_behind'),
    dict(type='VisibleMaskIoUMetric', side=58),
    dict(type='VisibleMaskIoUMetric', photo=True),
    dict(type='DepthOrderMetric'),
    dict(type='DepthOrderMetric', threshold=None, prefix='larger_count'),
    dict(type='LowerIsNearerMetric'),
]
painting_metrics = [dict(type='PaintingErrorMetric'), dict(type='VisiblePaintingErrorMetric')]

train_dataloader = dict(
    batch_size=5,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='DYCEDataset',
        data_root=data_root,
        split='train',
        one_object=True,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='DYCEDataset', data_root=data_root, split='val', pipeline=test_pipeline, test_mode=True
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='DYCEDataset',
        data_root=data_root,
        split='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)

val_evaluator = segmentation_metrics
test_evaluator = val_evaluator
