# Both nets of Table 6's rows "101-layer"; the row "COCO" takes another semantic checkpoint.
_base_ = './localizer_r50_voc.py'
fcrn = dict(_base_.fcrn, backbone=dict(_base_.fcrn.backbone, depth=101))
model = dict(
    backbone=dict(depth=101),
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=fcrn,
        checkpoint='work_dirs/fcrn_r101_sbd_bs/epoch_50.pth',
    ),
    instance_head=dict(confidence='score'),
)
