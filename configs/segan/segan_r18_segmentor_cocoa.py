# Nobody knows how hidden parts look in COCOA: the segmentor is all that learns there.
_base_ = [
    '../_base_/models/segan_segmentor.py',
    '../_base_/datasets/cocoa.py',
    '../_base_/schedules/segan_segmentor.py',
    '../_base_/default_runtime.py',
]
model = dict(
    segmentor=dict(
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'))
    )
)
