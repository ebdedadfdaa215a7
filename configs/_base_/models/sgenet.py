# SGE-Net (Fig. 3) for 256x256 crops of Cityscapes: 20 classes, 19 and void. The paper tells
# neither widths nor weights of losses nor tau: these are ours.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
model = dict(
    type='SGENet',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    generator=dict(
        type='SGEGenerator',
        encoder=dict(type='SkipEncoder', channels=(32, 64, 128, 256, 512, 512)),
        context=dict(type='ContextInference', size=(8, 8)),  # of 256x256 crops
        decoder=dict(
            type='MultiScaleDecoder',
            num_classes=20,
            sgim=dict(type='SGIMPlus', hidden_channels=128, mask_channels=32),
            scem=dict(type='SCEM', tau=('ratio', 0.7)),
        ),
    ),
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
    hole_weight=1.0,  # eq. (7); with 10 fewer batches learn to fill, see the README
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
    loss_segmentation=dict(  # lambda_s
        type='mmseg.CrossEntropyLoss', loss_weight=0.1, avg_non_ignore=True
    ),
)
