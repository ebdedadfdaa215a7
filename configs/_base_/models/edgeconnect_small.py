# For CPUs and 128x128 pictures: a quarter of the width, half the blocks, no VGG. With all pixels
# alike, so few batches go into copying what can be seen.
_base_ = './edgeconnect.py'
generator = dict(base_channels=16, num_blocks=4)
discriminator = dict(base_channels=16)
model = dict(
    edge=dict(generator=generator, discriminator=discriminator),
    image=dict(
        generator=generator,
        discriminator=discriminator,
        hole_weight=10.0,
        perceptual_features=None,
        loss_perceptual=None,
        loss_style=None,
    ),
)
