# For CPUs and 128x128 pictures: a quarter of the width, half the blocks, no VGG. With all pixels
# alike, so few batches go into copying what can be seen.
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
            in_channels=5,
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
)
