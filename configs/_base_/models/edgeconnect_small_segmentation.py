# Maskopt's inpainters for CPUs: Cityscapes' 19 classes.
_base_ = './edgeconnect_small.py'
num_classes = 19
segmentation = dict(
    type='SegmentationStage',
    num_classes=num_classes,
    generator=dict(
        type='EdgeConnectGenerator',
        in_channels=num_classes + 1,
        out_channels=num_classes,
        base_channels=16,
        num_blocks=4,
    ),
    discriminator=dict(
        type='EdgeConnectDiscriminator', in_channels=num_classes + 1, base_channels=16
    ),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
    loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
)
model = dict(
    segmentation=segmentation,
    image=dict(generator=dict(in_channels=5 + num_classes)),
)
