# All parts, end to end, eq. (10), with the mask expansion loss.
_base_ = [
    '../_base_/models/edgeconnect_segmentation.py',
    '../_base_/models/panoptic_selector_r50.py',
    '../_base_/datasets/pairs_coco_joint.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
# What was pretrained; model.part_checkpoints=None starts from scratch.
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=dict(type='MaskExpansionLoss', alpha=0.03, unit='outside', loss_weight=1000.0),
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, segmentation=1.0, image=1.0),
    part_checkpoints=dict(
        edge='work_dirs/edge_coco/epoch_30.pth',
        edge_discriminator='work_dirs/edge_coco/epoch_30.pth',
        segmentation='work_dirs/segmentation_coco/epoch_30.pth',
        segmentation_discriminator='work_dirs/segmentation_coco/epoch_30.pth',
        image='work_dirs/image_coco/epoch_30.pth',
        image_discriminator='work_dirs/image_coco/epoch_30.pth',
    ),
)
# Sec. IV-A: Adam with 1e-5 for all; the number of epochs is ours.
optim_wrapper = dict(
    generators=dict(optimizer=dict(lr=1e-5)), discriminators=dict(optimizer=dict(lr=1e-6))
)
train_cfg = dict(max_epochs=10, val_interval=1)
