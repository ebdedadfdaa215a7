# Each object from a crop of 128x128, with its own mask and the others': masks of 64x64.
model = dict(
    type='SeGAN',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
    segmentor=dict(
        type='CropSegmentor',
        backbone=dict(type='CropResNet', depth=18),
        loss_mask=dict(
            type='RegionWeightedBCELoss',
            visible_weight=1.0,
            hidden_weight=1.0,
            reduction='pixel_mean',
        ),
    ),
    painter_size=128,
    nearest_colours=True,
    max_objects_per_batch=8,
)
