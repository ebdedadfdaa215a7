# The semantic net of Table 6's row "101-layer", from SBD's 5623 training images.
_base_ = [
    '../_base_/models/fcrn_r50.py',
    '../_base_/datasets/sbd_semantic.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(depth=101),
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512)
    ),
)
