_base_ = [
    '../_base_/models/pconv_small.py',
    '../_base_/datasets/inpainting_street.py',
    '../_base_/schedules/inpainting_pconv_short.py',
    '../_base_/default_runtime.py',
]
