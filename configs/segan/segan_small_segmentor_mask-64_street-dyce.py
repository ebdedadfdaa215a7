# All 64x64 pixels of the mask are predicted, none is interpolated.
_base_ = './segan_small_segmentor_street-dyce.py'
model = dict(segmentor=dict(mask_size=64))
val_evaluator = [
    dict(type='AmodalIoUMetric', side=64),
    dict(type='AmodalIoUMetric', side=64, with_given=True, prefix='with_given'),
    dict(type='AmodalIoUMetric', side=64, with_given=True, occluders='given', prefix='behind'),
    dict(type='VisibleMaskIoUMetric', side=64),
    dict(type='DepthOrderMetric'),
    dict(type='LowerIsNearerMetric'),
]
test_evaluator = val_evaluator
