# For minutes on a CPU, without a segmentation stage.
_base_ = './object_remover_short.py'
wrappers = _base_.optim_wrapper
optim_wrapper = dict(
    _delete_=True,
    constructor=wrappers.constructor,
    selector=wrappers.selector,
    edge=wrappers.edge,
    edge_discriminator=wrappers.edge_discriminator,
    image=wrappers.image,
    image_discriminator=wrappers.image_discriminator,
)
