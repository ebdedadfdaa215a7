# For CPUs: five levels for 128x128 crops, no perceptual and style loss (VGG would be most of it).
_base_ = './pconv.py'
model = dict(
    generator=dict(encoder=dict(num_layers=5), decoder=dict(num_layers=5)),
    size_divisor=32,
    perceptual_features=None,
    loss_perceptual=None,
    loss_style=None,
)
