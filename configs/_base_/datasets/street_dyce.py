# Street in DYCE's layout at 128x128, for the small SeGAN: 28x28 masks, 64x64 paintings. Up to four
# objects each of four pictures are a batch. Epochs of 120 pictures, each once before any twice.
# Made with --num-train, --num-val and --num-test of street.py --layout dyce; see docs/street.md.
data_root = 'data/street_dyce'
load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects', appearance=True)]
size = (500, 500)
segmentation_metrics = [
    dict(type='AmodalIoUMetric', side=28),
    dict(type='AmodalIoUMetric', side=28, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=28, with_given=True, occluders='given', prefix='behind'),
    dict(type='AmodalIoUMetric', photo=True, occluders='given', prefix='photo_behind'),
    dict(type='VisibleMaskIoUMetric', side=28),
    dict(type='VisibleMaskIoUMetric', photo=True),
    dict(type='DepthOrderMetric'),
    dict(type='DepthOrderMetric', threshold=None, prefix='larger_count'),
    dict(type='LowerIsNearerMetric'),
]
painting_metrics = [dict(type='PaintingErrorMetric'), dict(type='VisiblePaintingErrorMetric')]
train_frame = dict(type='FrameObjects', size=(128, 128), window=(0.8, 1.0), flip_prob=0.5)
test_frame = dict(type='FrameObjects', size=(128, 128), keep_photo=True)
crop = dict(type='CropAppearances', size=64)

train_pipeline = [
    dict(type='ChooseObjects', most=4),
    *load,
    train_frame,
    dict(type='GrowBoxes', share=(0.1, 0.3)),
    crop,
    dict(type='PackScene'),
]
test_pipeline = [
    *load,
    test_frame,
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    crop,
    dict(type='PackScene'),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=120),
    dataset=dict(
        type='DYCEDataset',
        data_root=data_root,
        split='train',
        one_object=False,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='DYCEDataset', data_root=data_root, split='val', pipeline=test_pipeline, test_mode=True
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
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

val_evaluator = [*segmentation_metrics, *painting_metrics]
test_evaluator = val_evaluator
