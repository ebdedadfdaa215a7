# For training end to end: with objects and distances; batches of 4.
data_root = 'data/pairs_street'
flip = dict(type='mmseg.RandomFlip', prob=0.5)
pack = dict(type='PackScene')
test_pipeline = [dict(type='LoadPair'), pack]
load = dict(type='LoadPair', instances=True)
distance = dict(type='SignedDistance', unit='pixels')  # the loss divides them

train_pipeline = [load, flip, distance, pack]
# The quality of what was filled, and how much larger than the object the mask is.
growth = dict(type='MaskGrowthMetric')

train_dataloader = dict(
    batch_size=4,
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

val_evaluator = [dict(type='InpaintingQualityMetric'), growth]
# Another distance than FID, for machines without Inception-v3's weights.
test_evaluator = [
    dict(type='InpaintingQualityMetric'),
    dict(type='LPIPSMetric', weights='data/weights/squeezenet1_1_torchvision.pth', optional=True),
    dict(type='FIDMetric', weights='data/weights/pt_inception-2015-12-05.pth', optional=True),
    dict(
        type='FIDMetric',
        network='squeezenet',
        weights='data/weights/squeezenet1_1_torchvision.pth',
        optional=True,
    ),
    growth,
]
