# Contextual attention (DeepFillv1), trained with random masks, a baseline of Table V.
_base_ = [
    '../_base_/models/deepfillv1.py',
    '../_base_/datasets/pairs_street_random.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
# For CPUs: a quarter of the channels. (Contextual attention is most of the rest of the work.)
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
