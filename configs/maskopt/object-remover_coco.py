# All parts, end to end, eq. (10), with the mask expansion loss.
_base_ = [
    '../_base_/models/object_remover.py',
    '../_base_/datasets/pairs_coco_joint.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
# What was pretrained; model.part_checkpoints=None begins anew.
model = dict(
    part_checkpoints=dict(
        edge='work_dirs/edge_coco/epoch_30.pth',
        edge_discriminator='work_dirs/edge_coco/epoch_30.pth',
        segmentation='work_dirs/segmentation_coco/epoch_30.pth',
        segmentation_discriminator='work_dirs/segmentation_coco/epoch_30.pth',
        image='work_dirs/image_coco/epoch_30.pth',
        image_discriminator='work_dirs/image_coco/epoch_30.pth',
    )
)
# Sec. IV-A: Adam with 1e-5 for all; the number of epochs is ours.
optim_wrapper = dict(
    generators=dict(optimizer=dict(lr=1e-5)), discriminators=dict(optimizer=dict(lr=1e-6))
)
train_cfg = dict(max_epochs=10, val_interval=1)
