# The demo's network: five times faster to train. Trained without validation, tested at the end.
_base_ = './pspnet_r18_street.py'
model = dict(
    backbone=dict(strides=(1, 2, 1), dilations=(1, 1, 2)),
    background_head=dict(in_channels=256, psp_channels=512, up_channels=(128, 64, 32)),
    foreground_backbone=None,
    foreground_head=dict(extra_upsample=1, channels=256, up_channels=(128, 64)),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(val_begin=1)
val_dataloader = None
val_evaluator = None
val_cfg = None
