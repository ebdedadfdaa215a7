# The three inpainters, with masks of objects: fine-tuned at once (Table III), or as trained alone.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/datasets/pairs_street.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
# For minutes on a CPU: fine-tuned for three partial epochs, the last one validated.
train_cfg = dict(max_epochs=3, val_interval=3)
