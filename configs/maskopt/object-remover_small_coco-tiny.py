# Edges and image, end to end, with the mask expansion loss, on real pictures.
_base_ = [
    '../_base_/models/object_remover_small_coco.py',
    '../_base_/datasets/pairs_coco_tiny_persons.py',
    '../_base_/schedules/object_remover_edges_short.py',
    '../_base_/default_runtime.py',
]
# What was pretrained; model.part_checkpoints=None begins anew.
model = dict(
    image=dict(hole_weight=100.0),
    part_checkpoints=dict(
        selector='work_dirs/selector_small_coco-tiny/epoch_15.pth',
        edge='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        edge_discriminator='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        image='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
        image_discriminator='work_dirs/edgeconnect_small_coco-tiny/epoch_10.pth',
    ),
)
