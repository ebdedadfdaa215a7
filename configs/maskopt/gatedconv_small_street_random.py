# GatedConv (DeepFillv2), trained with random masks, a baseline of Table V.
_base_ = [
    '../_base_/models/gatedconv_small.py',
    '../_base_/datasets/pairs_street_random.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
