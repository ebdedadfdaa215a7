# Both nets of Table 6's rows "101-layer": the semantic net is another for the row "COCO".
_base_ = './localizer_r101_voc_bs_weighted.py'
model = dict(
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=dict(_base_.fcrn, backbone=dict(_base_.fcrn.backbone, depth=101)),
        checkpoint='work_dirs/fcrn_r101_sbd_bs/epoch_50.pth',
    )
)
