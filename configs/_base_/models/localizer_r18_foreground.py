# Objects of all classes as one, to be found in the foreground that the method mpi predicts.
_base_ = './pspnet_r18_shared.py'
mpi = _base_.model
box_coder = dict(type='BoxCoder', offset_scale=32.0, size_scale=32.0)

model = dict(
    _delete_=True,
    type='HoughInstanceSegmentor',
    data_preprocessor=_base_.model.data_preprocessor,
    semantic=dict(type='TrueScores', num_classes=2),
    backbone=_base_.model.backbone,
    localization_head=dict(
        type='LocalizationHead',
        in_channels=512,
        num_things=1,
        box_coder=box_coder,
        kernel_size=3,
        dilation=6,
        loss_resolution='label',
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=0.46, beta=0.1),
    ),
    instance_head=dict(
        type='HoughInstanceHead',
        thing_ids=(1,),
        box_coder=box_coder,
        confidence='extent',
        box_iou_threshold=0.2,
    ),
)
