# ResNet-18 for small pictures, with the classes and things of Cityscapes; see localizer_r50.py.
# Objects fall between the pixels of 1/8 maps: the loss is at the pictures' resolution.
_base_ = './fcrn_r18.py'
fcrn = dict(_base_.model, decode_head=dict(_base_.model.decode_head, num_classes=19))
box_coder = dict(type='BoxCoder', offset_scale=32.0, size_scale=32.0)
thing_ids = tuple(range(11, 19))

model = dict(
    _delete_=True,
    type='HoughInstanceSegmentor',
    data_preprocessor=_base_.model.data_preprocessor,
    semantic=dict(type='TrueScores', num_classes=19),
    backbone=_base_.model.backbone,
    localization_head=dict(
        type='LocalizationHead',
        in_channels=_base_.model.decode_head.in_channels,
        num_things=len(thing_ids),
        box_coder=box_coder,
        kernel_size=3,
        dilation=6,
        loss_resolution='label',
        weighting='uniform',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=None, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead',
        thing_ids=thing_ids,
        box_coder=box_coder,
        confidence='extent',
        box_iou_threshold=0.2,  # boxes learnt in minutes agree less than those learnt in days
    ),
)
