# For CPUs and 128x128 crops; any size. No perceptual loss: VGG-16 alone would take ten times as
# long as all the rest.
_base_ = './sgenet.py'
model = dict(
    generator=dict(
        encoder=dict(channels=(16, 24, 48, 64, 96, 128)),
        context=dict(_delete_=True, type='DilatedContext', dilations=(1, 2)),
        decoder=dict(sgim=dict(hidden_channels=32, mask_channels=8)),
    ),
    discriminator=dict(discriminator=dict(base_channels=32, num_conv=2)),
    hole_weight=10.0,  # the hole is a tenth of the picture: it counts as much as the rest
    perceptual_features=None,
    loss_perceptual=None,
)
