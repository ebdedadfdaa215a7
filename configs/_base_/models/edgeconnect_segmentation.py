# Maskopt's inpainters: edges and classes, then the image; COCO's 133 panoptic classes.
edge = dict(
    type='EdgeStage',
    generator=dict(type='EdgeConnectGenerator', in_channels=3, out_channels=1, spectral_norm=True),
    discriminator=dict(type='EdgeConnectDiscriminator', in_channels=2),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=1.0),
    feature_weight=10.0,
)
segmentation = dict(
    type='SegmentationStage',
    num_classes=133,
    generator=dict(type='EdgeConnectGenerator', in_channels=134, out_channels=133),
    discriminator=dict(type='EdgeConnectDiscriminator', in_channels=134),
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
    edge=edge,
    image=dict(
        type='ImageStage',
        generator=dict(type='EdgeConnectGenerator', in_channels=138, out_channels=3),
        discriminator=dict(type='EdgeConnectDiscriminator', in_channels=3),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
        l1_weight=1.0,
        perceptual_features=dict(
            type='PerceptualFeatures',
            network='vgg19',
            layers=(
                'relu1_1',
                'relu2_1',
                'relu2_2',
                'relu3_1',
                'relu3_4',
                'relu4_1',
                'relu4_4',
                'relu5_1',
                'relu5_2',
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
    ),
    segmentation=segmentation,
)
