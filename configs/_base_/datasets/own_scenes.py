# Your own images and label maps, 256 high: images/SPLIT, labels/SPLIT. A config names data_root,
# labels, foreground and ground.
# Hidden truth to validate with: objects of other val images are pasted onto the ground.
load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(100000, 256), keep_ratio=True, interpolation='area')
crop = dict(type='mmseg.RandomCrop', crop_size=(256, 256))
train_pipeline = [
    *load,
    resize,
    crop,
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
paste = dict(
    type='PasteForeground',
    source=dict(pipeline=[*load, dict(type='LoadObjects'), resize]),
    fixed=True,
)
test_pipeline = [*load, resize, paste, dict(type='PackScene')]
manual_test_pipeline = [*load, resize, dict(type='PackScene')]  # with hidden_folder

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=False,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='SceneFolderDataset',
        image_folder='images/train',
        label_folder='labels/train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='SceneFolderDataset',
        image_folder='images/val',
        label_folder='labels/val',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='RegionIoUMetric')
test_evaluator = [
    val_evaluator,
    dict(type='NearestBackgroundMetric', source='truth'),
    dict(type='NearestBackgroundMetric', source='prediction'),
]
