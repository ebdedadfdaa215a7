# For minutes on a CPU: fine-tuned for three partial epochs, the last one validated.
_base_ = './edgeconnect_all.py'
adam = dict(type='Adam', lr=1e-4, betas=(0.0, 0.9))
judge_adam = dict(type='Adam', lr=1e-5, betas=(0.0, 0.9))
optim_wrapper = dict(
    edge=dict(optimizer=adam),
    edge_discriminator=dict(optimizer=judge_adam),
    segmentation=dict(optimizer=adam),
    segmentation_discriminator=dict(optimizer=judge_adam),
    image=dict(optimizer=adam),
    image_discriminator=dict(optimizer=judge_adam),
)
train_cfg = dict(max_epochs=3, val_interval=3)
