# GatedConv: mmagic's DeepFillv2 (deepfillv2_8xb2_places-256x256), its networks and losses.
custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'], allow_failed_imports=False)
gated = dict(conv_type='gated_conv', padding_mode='reflect')
encoder = dict(type='DeepFillEncoder', channel_factor=0.75, **gated)
neck = dict(type='GLDilationNeck', in_channels=96, act_cfg=dict(type='ELU'), **gated)
decoder = dict(type='DeepFillDecoder', out_act_cfg=dict(type='Tanh'), **gated)
model = dict(
    type='MMagicInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    generator=dict(
        type='DeepFillEncoderDecoder',
        _scope_='mmagic',
        stage1=dict(
            type='GLEncoderDecoder',
            encoder=encoder,
            decoder=dict(decoder, in_channels=96, channel_factor=0.75),
            dilation_neck=neck,
        ),
        stage2=dict(
            type='DeepFillRefiner',
            encoder_attention=dict(encoder, encoder_type='stage2_attention'),
            encoder_conv=dict(encoder, encoder_type='stage2_conv'),
            dilation_neck=neck,
            contextual_attention=dict(type='ContextualAttentionNeck', in_channels=96, **gated),
            decoder=dict(decoder, in_channels=192),
        ),
    ),
    input_format='image_ones_hole',
    min_size=72,  # a dilation of 16 at a quarter of the size, mirrored at the border
    discriminator=dict(
        type='MultiLayerDiscriminator',
        _scope_='mmagic',
        in_channels=4,
        max_channels=256,
        fc_in_channels=None,
        num_convs=6,
        norm_cfg=None,
        act_cfg=dict(type='LeakyReLU', negative_slope=0.2),
        out_act_cfg=None,
        with_spectral_norm=True,
    ),
    judge_hole=True,
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.1),
    l1_hole=1.0,
    l1_valid=1.0,
)
