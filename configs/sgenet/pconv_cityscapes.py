_base_ = [
    '../_base_/models/pconv.py',
    '../_base_/datasets/inpainting_cityscapes.py',
    '../_base_/schedules/inpainting_pconv.py',
    '../_base_/default_runtime.py',
]
