# AOT-GAN: mmagic's networks and losses (aot-gan_smpgan_4xb4_places-512x512). Its style loss takes
# layers after poolings, ours the ReLUs before them.
# VGG-19 of torchvision is downloaded to its cache unless weights names a file.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
model = dict(
    type='MMagicInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    generator=dict(
        type='AOTEncoderDecoder',
        _scope_='mmagic',
        encoder=dict(type='AOTEncoder'),
        decoder=dict(type='AOTDecoder'),
        dilation_neck=dict(type='AOTBlockNeck', dilation_rates=(1, 2, 4, 8), num_aotblock=8),
    ),
    input_format='image_hole',
    min_size=40,  # a dilation of 8 at a quarter of the size, mirrored at the border
    blank=1.0,
    discriminator=dict(
        type='SoftMaskPatchDiscriminator',
        _scope_='mmagic',
        in_channels=3,
        base_channels=64,
        num_conv=3,
        with_spectral_norm=True,
    ),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='smgan', loss_weight=0.01),
    l1_image=1.0,
    perceptual_features=dict(
        type='PerceptualFeatures',
        network='vgg19',
        layers=(
            *('relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1'),
            *('relu2_2', 'relu3_4', 'relu4_4', 'relu5_2'),
        ),
        weights='torchvision',
    ),
    loss_perceptual=dict(
        type='PerceptualLoss',
        layer_weights=dict(relu1_1=1.0, relu2_1=1.0, relu3_1=1.0, relu4_1=1.0, relu5_1=1.0),
        loss_weight=0.1,
    ),
    loss_style=dict(
        type='StyleLoss',
        layer_weights=dict(relu2_2=1.0, relu3_4=1.0, relu4_4=1.0, relu5_2=1.0),
        loss_weight=250.0,
    ),
)
