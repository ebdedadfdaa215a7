# SGE-Net's optimisers here, one more for the network that segments.
_base_ = './sgenet.py'
optim_wrapper = dict(
    _delete_=True,
    constructor='PartOptimWrapperConstructor',
    segmentation=dict(type='OptimWrapper', optimizer=_base_.adam),
    painter=dict(type='OptimWrapper', optimizer=_base_.adam),
    discriminator=dict(type='OptimWrapper', optimizer=_base_.adam),
)
