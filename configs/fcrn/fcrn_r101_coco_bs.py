# Trained on COCO's 80 classes and background before VOC's (Sec. 3.1, Table 6's last row). The paper
# gives no length: 6 epochs are about as many iterations as 50 on VOC 2012 with SBD.
_base_ = [
    '../_base_/models/fcrn_r50.py',
    '../_base_/datasets/coco_semantic.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(depth=101),
    decode_head=dict(
        num_classes=81,
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512),
    ),
)
train_cfg = dict(max_epochs=6, val_begin=6)
