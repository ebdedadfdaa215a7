# MPI as a neck of an mmseg segmentor: FCN on ResNet-18, filled after the backbone.
_base_ = [
    '../_base_/datasets/street.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(
        type='SceneDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        pad_size_divisor=8,
    ),
    backbone=dict(type='StagedResNet', depth=18),
    neck=dict(
        type='MPINeck',
        foreground_head=dict(
            type='ForegroundHead', in_channels=512, channels=128, extra_upsample=1
        ),
    ),
    decode_head=dict(
        type='mmseg.FCNHead',
        in_channels=512,
        channels=128,
        num_classes=3,
        norm_cfg=dict(type='BN'),
        loss_decode=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
    ),
    auxiliary_head=dict(type='NeckForegroundHead'),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
# mmseg's segmentors write pred_sem_seg, at the images' original size: labels stay at that size
test_pipeline = [
    _base_.load[0],
    _base_.resize,
    _base_.load[1],
    dict(type='PackScene', original_labels=True),
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
val_evaluator = dict(prediction='pred_sem_seg')
test_evaluator = [dict(type='RegionIoUMetric', prediction='pred_sem_seg')]
