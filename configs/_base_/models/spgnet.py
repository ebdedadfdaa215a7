# SPG-Net, one of the paper's baselines: classes first, then the picture by their means. The
# networks are EdgeConnect's, the losses and their weights those of SGE-Net here.
_base_ = './sgenet.py'
sgenet = _base_.model
num_classes = 20
model = dict(
    _delete_=True,
    type='SPGNet',
    data_preprocessor=sgenet.data_preprocessor,
    num_classes=num_classes,
    segmentation=dict(
        type='EdgeConnectGenerator', in_channels=4, out_channels=num_classes, base_channels=64
    ),
    painter=dict(
        type='EdgeConnectGenerator', in_channels=4 + num_classes, out_channels=3, base_channels=64
    ),
    discriminator=sgenet.discriminator,
    l1_weight=sgenet.l1_weight,
    perceptual_features=sgenet.perceptual_features,
    loss_perceptual=sgenet.loss_perceptual,
    loss_gan=sgenet.loss_gan,
    loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True),
)
