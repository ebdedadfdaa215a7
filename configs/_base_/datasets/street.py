# Street in the Cityscapes layout at 64x128 (height x width): small enough to train on a CPU.
_base_ = './cityscapes_128x256.py'
data_root = 'data/street'

load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(128, 64), interpolation='area')
train_pipeline = [
    *load,
    resize,
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
test_pipeline = [*load, resize, dict(type='PackScene')]

train_dataloader = dict(
    batch_size=4,
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=160),
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(data_root=data_root, part=None, pipeline=test_pipeline))
test_dataloader = val_dataloader
