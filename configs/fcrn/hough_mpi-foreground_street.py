# Objects in the foreground that the method mpi predicts:
# python tools/test.py this-config CHECKPOINT-OF-THE-LOCALISATION-NET
_base_ = './localizer_r18_foreground_street.py'
model = dict(
    semantic=dict(
        _delete_=True,
        type='ForegroundScores',
        segmentor=_base_.mpi,
        checkpoint='work_dirs/pspnet_r18_shared_street/epoch_10.pth',
    ),
    instance_head=dict(confidence='score'),
)
