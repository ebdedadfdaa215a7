_base_ = [
    '../_base_/models/aotgan.py',
    '../_base_/datasets/inpainting_cityscapes.py',
    '../_base_/schedules/inpainting_gan.py',
    '../_base_/default_runtime.py',
]
