# The localisation net is designed as the semantic one (Sec. 2.3): its backbone, another top. While
# it is trained, instances are found in the true classes. Units of the boxes are ours.
_base_ = './fcrn_r50.py'
fcrn = _base_.model  # for configs that combine both nets
box_coder = dict(type='BoxCoder', offset_scale=128.0, size_scale=128.0)
thing_ids = tuple(range(1, 21))

model = dict(
    _delete_=True,
    type='HoughInstanceSegmentor',
    data_preprocessor=_base_.model.data_preprocessor,
    semantic=dict(type='TrueScores', num_classes=21),
    backbone=_base_.model.backbone,
    localization_head=dict(
        type='LocalizationHead',
        in_channels=_base_.model.decode_head.in_channels,
        num_things=len(thing_ids),
        box_coder=box_coder,
        kernel_size=5,
        dilation=12,
        weighting='uniform',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=None, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead',
        thing_ids=thing_ids,
        box_coder=box_coder,
        confidence='extent',  # true classes have one score for all
    ),
)
