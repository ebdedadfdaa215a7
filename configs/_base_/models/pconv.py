# Partial convolution: mmagic's first stage (pconv_stage1_8xb12_places-256x256) and its losses. Adam
# 2e-4 there; the second stage goes on with 5e-5 and the encoder's batch norm frozen.
# VGG-16 of torchvision is downloaded to its cache unless weights names a file.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
model = dict(
    type='MMagicInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    generator=dict(
        type='PConvEncoderDecoder',
        _scope_='mmagic',
        encoder=dict(type='PConvEncoder', norm_cfg=dict(type='BN'), norm_eval=False),
        decoder=dict(type='PConvDecoder', norm_cfg=dict(type='BN')),
    ),
    input_format='image_valid',
    size_divisor=128,
    l1_hole=6.0,
    l1_valid=1.0,
    loss_tv=dict(type='mmagic.MaskedTVLoss', loss_weight=0.1),
    perceptual_features=dict(
        type='PerceptualFeatures',
        network='vgg16',
        layers=('relu1_2', 'relu2_2', 'relu3_3'),
        weights='torchvision',
    ),
    loss_perceptual=dict(
        type='PerceptualLoss',
        layer_weights=dict(relu1_2=1.0, relu2_2=1.0, relu3_3=1.0),
        loss_weight=0.05,
    ),
    loss_style=dict(
        type='StyleLoss',
        layer_weights=dict(relu1_2=1.0, relu2_2=1.0, relu3_3=1.0),
        loss_weight=120.0,
    ),
    perceived=('output', 'completed'),
)
