# GatedConv (DeepFillv2), trained with random masks, a baseline of Table V.
_base_ = [
    '../_base_/models/gatedconv.py',
    '../_base_/datasets/pairs_coco_random.py',
    '../_base_/schedules/inpainting_gan.py',
    '../_base_/default_runtime.py',
]
