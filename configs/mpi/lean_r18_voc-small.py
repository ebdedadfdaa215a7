# What is behind persons and animals on real photos: VOC 2012 with the lean network. 420 images to
# train; on 100 others cut-outs of other images are pasted, whose hidden truth is known.
_base_ = [
    '../_base_/models/lean_r18.py',
    '../_base_/datasets/own_scenes.py',
    '../_base_/schedules/adamw_cosine.py',
    '../_base_/default_runtime.py',
]
own = dict(
    data_root='data/voc/VOC2012',
    image_folder='JPEGImages',
    label_folder='SegmentationClassAug',
    labels=[
        *('background', 'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat'),
        *('chair', 'cow', 'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant'),
        *('sheep', 'sofa', 'train', 'tvmonitor'),
    ],
    foreground=['bird', 'cat', 'cow', 'dog', 'horse', 'person', 'sheep'],
)
load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
resize = dict(type='mmseg.Resize', scale=(100000, 128), keep_ratio=True, interpolation='area')
paste = dict(
    type='PasteForeground',
    source=dict(pipeline=[*load, dict(type='LoadObjects'), resize]),
    placement='same_row',
    fixed=True,
)
train_pipeline = [
    *load,
    dict(
        type='RandomResize',
        scale=(100000, 128),
        ratio_range=(0.9, 1.6),
        resize_type='mmseg.Resize',
        keep_ratio=True,
    ),
    dict(type='mmseg.RandomCrop', crop_size=(128, 128)),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='mmseg.PhotoMetricDistortion'),
    dict(type='PackScene'),
]
test_pipeline = [*load, resize, paste, dict(type='PackScene')]
train_dataloader = dict(
    dataset=dict(own, list_file='ImageSets/Segmentation/train.txt', pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(own, list_file='ImageSets/Segmentation/val.txt', pipeline=test_pipeline)
)
test_dataloader = val_dataloader
# Most pixels are background, of no class of its own.
model = dict(
    background_head=dict(num_classes=14, loss_decode=dict(class_weight=[0.25, *13 * [1.0]]))
)
