# For CPUs: a quarter of the channels. (Contextual attention is most of the rest of the work.)
_base_ = './deepfillv1.py'
encoder = dict(channel_factor=0.25)
model = dict(
    generator=dict(
        stage1=dict(
            encoder=encoder,
            decoder=dict(in_channels=32, channel_factor=0.25),
            dilation_neck=dict(in_channels=32),
        ),
        stage2=dict(
            encoder_attention=encoder,
            encoder_conv=encoder,
            dilation_neck=dict(in_channels=32),
            contextual_attention=dict(in_channels=32),
            decoder=dict(in_channels=64, channel_factor=0.25),
        ),
    ),
    discriminator=dict(max_channels=64),
)
