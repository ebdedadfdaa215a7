# What is behind persons and animals on real photos: VOC 2012 with the demo's network. 420 images to
# train; on 100 others cut-outs are pasted, whose hidden truth is known.
_base_ = './own_streets.py'
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
    ground=['background', 'chair', 'diningtable', 'sofa'],
)
train_dataloader = dict(
    batch_size=4,
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=120),
    dataset=dict(own, list_file='ImageSets/Segmentation/train.txt'),
)
val_dataloader = dict(dataset=dict(own, list_file='ImageSets/Segmentation/val.txt'))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(strides=(1, 2, 1), dilations=(1, 1, 2)),
    background_head=dict(
        in_channels=256, psp_channels=512, up_channels=(128, 64, 32), num_classes=14
    ),
    foreground_backbone=None,
    foreground_head=dict(extra_upsample=1, channels=256, up_channels=(128, 64)),
)
