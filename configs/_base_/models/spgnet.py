# SPG-Net, one of the paper's baselines: classes first, then the picture by their means. The
# networks are EdgeConnect's, the losses and their weights those of SGE-Net here.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)

model = dict(
    type='SPGNet',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    num_classes=20,
    segmentation=dict(
        type='EdgeConnectGenerator', in_channels=4, out_channels=20, base_channels=64
    ),
    painter=dict(type='EdgeConnectGenerator', in_channels=24, out_channels=3, base_channels=64),
    discriminator=dict(
        type='MultiScalePatchDiscriminator',
        discriminator=dict(
            type='PatchDiscriminator',
            _scope_='mmagic',
            in_channels=3,
            base_channels=64,
            num_conv=3,
            norm_cfg=dict(type='IN'),
        ),
        num_scales=3,
    ),
    l1_weight=1.0,
    perceptual_features=dict(
        type='PerceptualFeatures',
        network='vgg16',
        layers=('relu2_2', 'relu3_3', 'relu4_3'),
        weights='torchvision',
    ),
    loss_perceptual=dict(  # lambda_p
        type='PerceptualLoss',
        layer_weights=dict(relu2_2=1.0, relu3_3=1.0, relu4_3=1.0),
        loss_weight=0.1,
    ),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.01),  # lambda_a
    loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
)
