# Table II: the labelled images of KITTI semantics, an unseen domain; height 256, ratio kept.
test_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='mmseg.Resize', scale=(4096, 256), keep_ratio=True, interpolation='area'),
    dict(type='PackScene'),
]

test_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='KITTISceneDataset',
        data_root='data/kitti',
        hidden_truth='manual',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)

test_evaluator = [
    dict(type='RegionIoUMetric'),
    dict(type='NearestBackgroundMetric', source='truth'),
    dict(type='NearestBackgroundMetric', source='prediction'),
]
