# Three pictures of COCOA, each with its JSON beside it, at the small SeGAN's size; test only.
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='COCOADataset',
        data_root='data/cocoa_sample',
        pipeline=[
            dict(type='LoadSceneImage'),
            dict(type='LoadAmodalObjects'),
            dict(type='FrameObjects', size=(128, 128), keep_photo=True),
            dict(type='GrowBoxes', share=(0.2, 0.2)),
            dict(type='PackScene'),
        ],
        test_mode=True,
    ),
)
test_evaluator = [
    dict(type='AmodalIoUMetric', side=28),
    dict(type='AmodalIoUMetric', side=28, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=28, with_given=True, occluders='given', prefix='behind'),
    dict(type='AmodalIoUMetric', photo=True, prefix='photo_any'),
    dict(type='AmodalIoUMetric', photo=True, occluders='given', prefix='photo_behind'),
    dict(type='VisibleMaskIoUMetric', side=28),
    dict(type='VisibleMaskIoUMetric', photo=True),
    dict(type='DepthOrderMetric'),
    dict(type='DepthOrderMetric', threshold=None, prefix='larger_count'),
    dict(type='LowerIsNearerMetric'),
]
