# For CPUs: 128x128 images, 28x28 masks, 64x64 paintings.
_base_ = './segan.py'
model = dict(
    segmentor=dict(
        backbone=dict(base_channels=32, strides=(1, 2, 1, 1)),
        in_channels=256,
        pool_size=1,
        roi_layer='align',  # an object has few features: they are not rounded to cells
        mask_size=28,
        output_size=64,
        # every pixel counts alike: equal regions draw masks far too large (the region-means config)
        loss_mask=dict(visible_weight=1.0, hidden_weight=1.0, reduction='pixel_mean'),
    ),
    painter=dict(
        generator=dict(num_down=6, base_channels=32),
        discriminator=dict(base_channels=32, num_conv=2),
    ),
    painter_size=64,
)
