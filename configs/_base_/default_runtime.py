default_scope = 'seginpaint_mm'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=True),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SceneVisualizationHook'),
)
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='FiniteLossHook'),
    dict(type='LabelPresenceHook'),
    dict(type='ChannelsLastHook'),
    dict(type='LastEpochsMeanHook', num_epochs=5),
    dict(type='ClassCountHook'),
    dict(type='PretrainedHook'),
]
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='SceneVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(by_epoch=True)
log_level = 'INFO'
randomness = dict(seed=0)
load_from = None
resume = False
