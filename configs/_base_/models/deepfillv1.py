# Contextual attention: mmagic's DeepFillv1 (deepfillv1_8xb2_places-256x256). Its judges of boxes
# and their WGAN losses give way to DeepFillv2's judge: holes are no boxes here.
_base_ = './gatedconv.py'
plain = dict(padding_mode='reflect')
encoder = dict(type='DeepFillEncoder', **plain)
neck = dict(type='GLDilationNeck', in_channels=128, act_cfg=dict(type='ELU'), **plain)
decoder = dict(type='DeepFillDecoder', **plain)
model = dict(
    generator=dict(
        _delete_=True,
        type='DeepFillEncoderDecoder',
        _scope_='mmagic',
        stage1=dict(
            type='GLEncoderDecoder',
            encoder=encoder,
            decoder=dict(decoder, in_channels=128),
            dilation_neck=neck,
        ),
        stage2=dict(
            type='DeepFillRefiner',
            encoder_attention=dict(encoder, encoder_type='stage2_attention'),
            encoder_conv=dict(encoder, encoder_type='stage2_conv'),
            dilation_neck=neck,
            contextual_attention=dict(type='ContextualAttentionNeck', in_channels=128, **plain),
            decoder=dict(decoder, in_channels=256),
        ),
    ),
)
