# Trained with random masks, without objects; tested with objects (Table II).
data_root = 'data/pairs_street'
flip = dict(type='mmseg.RandomFlip', prob=0.5)
pack = dict(type='PackScene')
test_pipeline = [dict(type='LoadPair'), pack]
masks = dict(
    type='RandomChoice',
    transforms=[
        [dict(type='RandomRectangles', num=3, min_ratio=0.1, max_ratio=0.4)],
        [dict(type='FreeFormStrokes')],
    ],
)

train_pipeline = [dict(type='LoadPair', with_object=False), flip, masks, pack]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    sampler=dict(type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(type='PairsDataset', data_root=f'{data_root}/train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairsDataset', data_root=f'{data_root}/val', pipeline=test_pipeline, test_mode=True
    ),
)
test_dataloader = val_dataloader
# What needs weights that are not there is left out with a warning; see their docstrings.
val_evaluator = dict(type='InpaintingQualityMetric')
# Another distance than FID, for machines without Inception-v3's weights.
test_evaluator = [
    val_evaluator,
    dict(type='LPIPSMetric', weights='data/weights/squeezenet1_1_torchvision.pth', optional=True),
    dict(type='FIDMetric', weights='data/weights/pt_inception-2015-12-05.pth', optional=True),
    dict(
        type='FIDMetric',
        network='squeezenet',
        weights='data/weights/squeezenet1_1_torchvision.pth',
        optional=True,
    ),
]
