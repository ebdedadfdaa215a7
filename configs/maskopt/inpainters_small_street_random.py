# The three inpainters at once, with random masks: as long as Table III's, without its pairs.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/datasets/pairs_street_random.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
# For minutes on a CPU: fine-tuned for three partial epochs, the last one validated.
train_cfg = dict(max_epochs=3, val_interval=3)
