# Both nets: python tools/test.py this-config CHECKPOINT-OF-THE-LOCALISATION-NET
_base_ = './localizer_r18_voc-instance-small.py'
model = dict(
    semantic=dict(
        _delete_=True,
        type='SegmentorScores',
        segmentor=_base_.fcrn,
        checkpoint='work_dirs/fcrn_r18_voc-small/epoch_10.pth',
    ),
    instance_head=dict(confidence='score'),
)
