# For minutes on a CPU: ten partial epochs, the last one validated.
_base_ = './edgeconnect_edge.py'
adam = dict(type='Adam', lr=4e-4, betas=(0.0, 0.9))
judge_adam = dict(type='Adam', lr=1e-4, betas=(0.0, 0.9))
optim_wrapper = dict(
    edge=dict(optimizer=adam),
    edge_discriminator=dict(optimizer=judge_adam),
)
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-6, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=10, val_interval=10)
