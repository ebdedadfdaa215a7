# For CPUs and 128x128 pictures: half the width, half the blocks, no VGG.
_base_ = './edgeconnect.py'
generator = dict(base_channels=32, num_blocks=4)
discriminator = dict(base_channels=32)
model = dict(
    edge=dict(generator=generator, discriminator=discriminator),
    image=dict(
        generator=generator,
        discriminator=discriminator,
        perceptual_features=None,
        loss_perceptual=None,
        loss_style=None,
    ),
)
