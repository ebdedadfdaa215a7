_base_ = [
    '../_base_/models/pconv.py',
    '../_base_/datasets/inpainting_cityscapes.py',
    '../_base_/schedules/inpainting_gan.py',
    '../_base_/default_runtime.py',
]
# mmagic's optimiser of partial convolution's first stage; there is no discriminator.
optim_wrapper = dict(generators=dict(optimizer=dict(lr=2e-4)))
