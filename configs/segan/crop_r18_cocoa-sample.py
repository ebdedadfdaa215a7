# Full masks of three real pictures: python tools/test.py this-config CHECKPOINT
_base_ = [
    '../_base_/models/segan_crop_r18.py',
    '../_base_/datasets/cocoa_sample.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadSceneImage'),
            dict(type='LoadAmodalObjects'),
            dict(type='FrameObjects', size=(384, 384), keep_photo=True),
            dict(type='GrowBoxes', share=(0.2, 0.2)),
            dict(type='PackScene'),
        ]
    )
)
test_evaluator = [
    {**metric, 'side': 64} if 'side' in metric else metric for metric in _base_.test_evaluator
]
