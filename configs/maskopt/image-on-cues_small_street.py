# The image inpainter on the edges and classes that the other two paint, which rest (EdgeConnect's
# third phase); the image inpainter alone was trained on true ones.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/datasets/pairs_street.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
model = dict(
    image=dict(hole_weight=100.0),
    frozen_parts=('edge', 'edge_discriminator', 'segmentation', 'segmentation_discriminator'),
    part_checkpoints=dict(
        edge='work_dirs/edge_small_street/epoch_10.pth',
        segmentation='work_dirs/segmentation_small_street/epoch_10.pth',
        image='work_dirs/image_small_street/epoch_30.pth',
        image_discriminator='work_dirs/image_small_street/epoch_30.pth',
    ),
)
train_cfg = dict(max_epochs=20, val_interval=5)
