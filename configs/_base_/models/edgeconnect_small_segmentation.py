# Maskopt's inpainters for CPUs: Cityscapes' 19 classes.
segmentation = dict(
    type='SegmentationStage',
    num_classes=19,
    generator=dict(
        type='EdgeConnectGenerator', in_channels=20, out_channels=19, base_channels=16, num_blocks=4
    ),
    discriminator=dict(type='EdgeConnectDiscriminator', in_channels=20, base_channels=16),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
    loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
)
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)

model = dict(
    type='EdgeConnectInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
        pad_size_divisor=4,
    ),
    edge=dict(
        type='EdgeStage',
        generator=dict(
            type='EdgeConnectGenerator',
            in_channels=3,
            out_channels=1,
            spectral_norm=True,
            base_channels=16,
            num_blocks=4,
        ),
        discriminator=dict(type='EdgeConnectDiscriminator', in_channels=2, base_channels=16),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=1.0),
        feature_weight=10.0,
    ),
    image=dict(
        type='ImageStage',
        generator=dict(
            type='EdgeConnectGenerator',
            in_channels=24,
            out_channels=3,
            base_channels=16,
            num_blocks=4,
        ),
        discriminator=dict(type='EdgeConnectDiscriminator', in_channels=3, base_channels=16),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
        l1_weight=1.0,
        perceptual_features=None,
        loss_perceptual=None,
        loss_style=None,
        hole_weight=10.0,
    ),
    segmentation=segmentation,
)
