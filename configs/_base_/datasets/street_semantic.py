# Street in the Cityscapes layout at 128x256 (height x width), with 17 of its 19 classes.
_base_ = './cityscapes_128x256_semantic.py'
data_root = 'data/street'

resize = dict(type='mmseg.Resize', scale=(256, 128), interpolation='area')
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids'), resize]
train_pipeline = [*load, dict(type='mmseg.RandomFlip', prob=0.5), dict(type='PackScene')]
test_pipeline = [load[0], resize, load[1], dict(type='PackScene', original_labels=True)]

train_dataloader = dict(
    batch_size=4,
    sampler=dict(samples_per_epoch=400),
    dataset=dict(data_root=data_root, img_suffix='_leftImg8bit.png', pipeline=train_pipeline),
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, img_suffix='_leftImg8bit.png', pipeline=test_pipeline)
)
test_dataloader = val_dataloader
