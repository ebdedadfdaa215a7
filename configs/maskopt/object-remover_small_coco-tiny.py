# Edges and image, end to end, with the mask expansion loss, on real pictures.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/models/instance_selector_small_coco.py',
    '../_base_/datasets/pairs_coco_tiny_persons.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
# What was pretrained; model.part_checkpoints=None starts from scratch.
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=dict(type='MaskExpansionLoss', alpha=0.03, unit='outside', loss_weight=1000.0),
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, image=1.0),
    image=dict(hole_weight=100.0),
    part_checkpoints=dict(
        selector='work_dirs/selector_small_coco-tiny/epoch_15.pth',
        edge='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        edge_discriminator='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        image='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        image_discriminator='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
    ),
)
# For minutes on a CPU: the small networks learn faster than the paper's.
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-7, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=3, val_interval=3)
