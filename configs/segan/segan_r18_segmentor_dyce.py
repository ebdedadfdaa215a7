_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/dyce_segmentor.py',
    '../_base_/schedules/segan_segmentor.py',
    '../_base_/default_runtime.py',
]
# First phase: the segmentor alone.
model = dict(
    painter=None,
    segmentor=dict(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'))
    ),
)
