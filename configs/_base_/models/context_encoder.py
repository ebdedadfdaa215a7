# The context encoder of SeGAN's Table 2, with the losses and the network of its own paper.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
model = dict(
    type='ContextEncoder',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
    generator=dict(type='ContextEncoderNet', base_channels=64, bottleneck_channels=4000),
    discriminator=dict(
        type='PatchDiscriminator', _scope_='mmagic', in_channels=3, base_channels=64, num_conv=3
    ),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.001),
    l2_weight=0.999,
    painter_size=256,
)
