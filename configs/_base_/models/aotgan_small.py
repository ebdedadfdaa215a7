# For CPUs: a quarter of the channels, half of the blocks, no perceptual and style loss.
_base_ = './aotgan.py'
model = dict(
    generator=dict(
        encoder=dict(mid_channels=24, out_channels=96),
        decoder=dict(in_channels=96, mid_channels=48),
        dilation_neck=dict(in_channels=96, num_aotblock=4),
    ),
    discriminator=dict(base_channels=32),
    perceptual_features=None,
    loss_perceptual=None,
    loss_style=None,
)
