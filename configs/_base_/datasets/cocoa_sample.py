# Three pictures of COCOA, each with its JSON beside it, at the small SeGAN's size; test only.
_base_ = './cocoa.py'
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadAmodalObjects'),
    dict(type='FrameObjects', size=(128, 128)),
    dict(type='GrowBoxes', share=(0.2, 0.2)),
    dict(type='PackScene'),
]
test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root='data/cocoa_sample', ann_file=None, image_folder='', pipeline=test_pipeline
    ),
)
test_evaluator = [
    dict(type='AmodalIoUMetric', side=28),
    dict(type='VisibleMaskIoUMetric', side=28),
    dict(type='DepthOrderMetric'),
    dict(type='LowerIsNearerMetric'),
]
