# Nobody knows how hidden parts look in COCOA: the segmentor is all that learns there.
_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/cocoa.py',
    '../_base_/schedules/segan_segmentor.py',
    '../_base_/default_runtime.py',
]
# The loss is not the paper's: its equal regions draw masks far too large (README, Table 1).
model = dict(
    painter=None,
    segmentor=dict(
        loss_mask=dict(visible_weight=1.0, hidden_weight=1.0, reduction='pixel_mean'),
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18')),
    ),
)
