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
            dict(type='FrameObjects', size=(128, 128)),
            dict(type='GrowBoxes', share=(0.2, 0.2)),
            dict(type='PackScene'),
        ],
        test_mode=True,
    ),
)
test_evaluator = [
    dict(type='AmodalIoUMetric', side=28),
    dict(type='AmodalIoUMetric', side=28, with_given=True, prefix='with_given'),
    dict(type='VisibleMaskIoUMetric', side=28),
    dict(type='DepthOrderMetric'),
    dict(type='LowerIsNearerMetric'),
]
