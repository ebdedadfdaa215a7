# All 256x256 pixels of the mask are predicted, none is interpolated: 1.2 billion weights.
_base_ = './segan_r18_segmentor_dyce.py'
model = dict(segmentor=dict(mask_size=256))
val_evaluator = [
    dict(type='AmodalIoUMetric', side=256),
    dict(type='AmodalIoUMetric', side=256, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=256, with_given=True, occluders='given', prefix='behind'),
    dict(type='VisibleMaskIoUMetric', side=256),
    dict(type='DepthOrderMetric'),
    dict(type='LowerIsNearerMetric'),
]
test_evaluator = val_evaluator
