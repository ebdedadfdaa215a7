_base_ = [
    '../_base_/models/context_encoder.py',
    '../_base_/datasets/street_dyce_painter.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
# For CPUs: half the channels, 64x64 paintings.
model = dict(
    generator=dict(base_channels=32, bottleneck_channels=1000),
    discriminator=dict(base_channels=32, num_conv=2),
    painter_size=64,
)
# Twice pix2pix's rate, which then declines.
optim_wrapper = dict(
    generators=dict(optimizer=dict(lr=5e-4)), discriminators=dict(optimizer=dict(lr=5e-4))
)
train_cfg = dict(val_begin=10)
