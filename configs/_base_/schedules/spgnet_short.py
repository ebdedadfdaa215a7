# For minutes on a CPU: ten partial epochs, the last five validated.
_base_ = './spgnet.py'
adam = dict(type='Adam', lr=4e-4, betas=(0.5, 0.999))
optim_wrapper = dict(
    segmentation=dict(optimizer=adam),
    painter=dict(optimizer=adam),
    discriminator=dict(optimizer=adam),
)
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=10, val_begin=6, val_interval=1)
