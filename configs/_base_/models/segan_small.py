# For CPUs: 128x128 images, 28x28 masks, 64x64 paintings.
_base_ = './segan.py'
model = dict(
    segmentor=dict(
        backbone=dict(base_channels=32, strides=(1, 2, 2, 1)),
        in_channels=256,
        pool_size=1,
        roi_layer='align',  # an object has few features: they are not rounded to cells
        mask_size=28,
        output_size=64,
    ),
    painter=dict(
        generator=dict(num_down=6, base_channels=32),
        discriminator=dict(base_channels=32, num_conv=2),
    ),
    painter_size=64,
)
