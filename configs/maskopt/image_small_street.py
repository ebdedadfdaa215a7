# The image inpainter alone, with masks of objects, on true edges and classes.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/datasets/pairs_street.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
model = dict(edge=None, segmentation=None, segmentation_cue=19)
train_cfg = dict(max_epochs=30, val_interval=30)
