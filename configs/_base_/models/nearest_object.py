# The nearest neighbour of SeGAN's Table 2, on ImageNet features of ResNet-18.
model = dict(
    type='NearestObject',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
    ),
    backbone=dict(
        type='mmseg.ResNet',
        depth=18,
        out_indices=(3,),
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
    ),
    crop_size=224,
    mask_size=58,
    painter_size=256,
)
