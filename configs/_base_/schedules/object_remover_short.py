# For minutes on a CPU: the small networks learn faster than the paper's.
_base_ = './object_remover.py'
adam = dict(type='Adam', lr=1e-4, betas=(0.0, 0.9))
judge_adam = dict(type='Adam', lr=1e-5, betas=(0.0, 0.9))
optim_wrapper = dict(
    selector=dict(optimizer=adam),
    edge=dict(optimizer=adam),
    edge_discriminator=dict(optimizer=judge_adam),
    segmentation=dict(optimizer=adam),
    segmentation_discriminator=dict(optimizer=judge_adam),
    image=dict(optimizer=adam),
    image_discriminator=dict(optimizer=judge_adam),
)
param_scheduler = [
    dict(type='PolyLR', power=0.9, eta_min=1e-7, by_epoch=True, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=3, val_interval=3)
