# For CPUs: 128x128 images, 28x28 masks, 64x64 paintings.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)

model = dict(
    type='SeGAN',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    segmentor=dict(
        type='AmodalSegmentor',
        backbone=dict(type='ObjectResNet', depth=18, base_channels=32, strides=(1, 2, 1, 1)),
        in_channels=256,
        pool_size=1,
        mask_size=28,
        output_size=64,
        loss_mask=dict(
            type='RegionWeightedBCELoss',
            visible_weight=1.0,
            hidden_weight=1.0,
            reduction='pixel_mean',
        ),
        roi_layer='align',  # an object has few features: they are not rounded to cells
    ),
    painter=dict(
        type='Pix2PixHead',
        generator=dict(
            type='UnetGenerator',
            _scope_='mmagic',
            in_channels=3,
            out_channels=3,
            num_down=6,
            base_channels=32,
            use_dropout=True,
        ),
        discriminator=dict(  # the published code's five convolutions; num_conv=2: the paper's four
            type='PatchDiscriminator', _scope_='mmagic', in_channels=6, base_channels=32, num_conv=2
        ),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla'),
        l1_weight=100.0,
    ),
    painter_size=64,
    painter_weight=0.1,
)
