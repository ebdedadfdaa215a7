_base_ = [
    '../_base_/models/segan_segmentor.py',
    '../_base_/datasets/dyce_segmentor.py',
    '../_base_/schedules/segan_segmentor.py',
    '../_base_/default_runtime.py',
]
model = dict(
    segmentor=dict(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'))
    )
)
