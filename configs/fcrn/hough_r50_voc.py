# With the scores of the best semantic net (Table 1):
# python tools/test.py this-config CHECKPOINT-OF-THE-LOCALISATION-NET
_base_ = './localizer_r50_voc.py'
model = dict(
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=dict(_base_.fcrn, backbone=dict(_base_.fcrn.backbone, depth=101)),
        checkpoint='work_dirs/fcrn_r101_voc12aug_bs/epoch_50.pth',
    )
)
