# For CPUs and 128x128 crops: a quarter of the channels, half of the blocks, no perceptual loss.
_base_ = './spgnet.py'
small = dict(base_channels=16, num_blocks=4)
model = dict(
    segmentation=small,
    painter=small,
    discriminator=dict(discriminator=dict(base_channels=32, num_conv=2)),
    hole_weight=10.0,  # as in SGE-Net's
    perceptual_features=None,
    loss_perceptual=None,
)
