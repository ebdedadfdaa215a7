_base_ = [
    '../_base_/models/pconv_small.py',
    '../_base_/datasets/inpainting_cityscapes_128x128.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
optim_wrapper = dict(generators=dict(optimizer=dict(betas=(0.9, 0.999))))
