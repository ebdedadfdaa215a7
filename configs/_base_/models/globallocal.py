# G&L: mmagic's network (gl_8xb12_places-256x256) and weights of its losses. Its judges, of pictures
# and of boxes, give way to DeepFillv2's, which sees the hole: holes are no boxes here.
_base_ = './gatedconv.py'
norm = dict(norm_cfg=dict(type='BN'))
model = dict(
    generator=dict(
        _delete_=True,
        type='GLEncoderDecoder',
        _scope_='mmagic',
        encoder=dict(type='GLEncoder', **norm),
        decoder=dict(type='GLDecoder', **norm),
        dilation_neck=dict(type='GLDilationNeck', **norm),
    ),
    input_format='image_hole',
    loss_gan=dict(gan_type='vanilla', loss_weight=0.001),
    l1_valid=0.0,
)
