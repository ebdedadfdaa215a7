# Maskopt's inpainters: edges and classes, then the image; COCO's 133 panoptic classes.
_base_ = './edgeconnect.py'
num_classes = 133
segmentation = dict(
    type='SegmentationStage',
    num_classes=num_classes,
    generator=dict(
        type='EdgeConnectGenerator', in_channels=num_classes + 1, out_channels=num_classes
    ),
    discriminator=dict(type='EdgeConnectDiscriminator', in_channels=num_classes + 1),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
    loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
)
model = dict(
    segmentation=segmentation,
    image=dict(generator=dict(in_channels=5 + num_classes)),
)
