# Learns on real images, whose objects others are pasted over.
_base_ = [
    '../_base_/models/segan_small_segmentor.py',
    '../_base_/datasets/coco_tiny_amodal.py',
    '../_base_/schedules/segan_small_segmentor.py',
    '../_base_/default_runtime.py',
]
