_base_ = [
    '../_base_/models/pspnet_r18.py',
    '../_base_/datasets/street.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
# From random weights in minutes: less dropout, and weight on pavement, a twentieth of a picture.
model = dict(
    background_head=dict(
        psp_dropout=0.1,
        dropout_ratio=0.05,
        loss_decode=dict(type='ClassWeightedCrossEntropyLoss', class_weight=[1.0, 2.5, 1.0]),
    )
)
optim_wrapper = dict(optimizer=dict(betas=(0.9, 0.999)))
