_base_ = [
    '../_base_/models/gatedconv.py',
    '../_base_/datasets/inpainting_outdoor_irregular.py',
    '../_base_/schedules/inpainting_gan.py',
    '../_base_/default_runtime.py',
]
