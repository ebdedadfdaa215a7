# All three inpainters at once, each with its own losses.
_base_ = './edgeconnect.py'
optim_wrapper = dict(
    segmentation=dict(type='OptimWrapper', optimizer=_base_.adam),
    segmentation_discriminator=dict(type='OptimWrapper', optimizer=_base_.judge_adam),
)
