# For CPUs: half the channels, 64x64 paintings.
_base_ = './context_encoder.py'
model = dict(
    generator=dict(base_channels=32, bottleneck_channels=1000),
    discriminator=dict(base_channels=32, num_conv=2),
    painter_size=64,
)
