# SeGAN (Fig. 2), all three parts together: 500x500 images, 58x58 and 256x256 masks and paintings.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
model = dict(
    type='SeGAN',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
    segmentor=dict(
        type='AmodalSegmentor',
        backbone=dict(type='ObjectResNet', depth=18),
        in_channels=512,
        pool_size=7,
        mask_size=58,
        output_size=256,
        loss_mask=dict(type='RegionWeightedBCELoss'),
    ),
    painter=dict(
        type='Pix2PixHead',
        generator=dict(
            type='UnetGenerator',
            _scope_='mmagic',
            in_channels=3,
            out_channels=3,
            num_down=8,
            base_channels=64,
            use_dropout=True,
        ),
        discriminator=dict(  # the published code's five convolutions; num_conv=2: the paper's four
            type='PatchDiscriminator', _scope_='mmagic', in_channels=6, base_channels=64, num_conv=3
        ),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla'),
        l1_weight=100.0,
    ),
    painter_size=256,
    painter_weight=0.1,
)
