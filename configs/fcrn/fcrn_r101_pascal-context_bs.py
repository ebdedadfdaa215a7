# Table 5: as on VOC, with PASCAL-Context's 60 classes.
_base_ = [
    '../_base_/models/fcrn_r50.py',
    '../_base_/datasets/pascal_context.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(depth=101),
    decode_head=dict(
        num_classes=60,
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512),
    ),
)
