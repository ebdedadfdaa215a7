# Both nets of Table 6's rows "50-layer":
# python tools/test.py this-config CHECKPOINT-OF-THE-LOCALISATION-NET
_base_ = './localizer_r50_voc.py'
model = dict(
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=_base_.fcrn,
        checkpoint='work_dirs/fcrn_r50_sbd_bs/epoch_50.pth',
    ),
    instance_head=dict(confidence='score'),
)
