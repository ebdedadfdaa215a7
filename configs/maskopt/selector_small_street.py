# The panoptic network alone: the first phase. It paints nothing: its masks are measured.
_base_ = [
    '../_base_/models/object_remover_small.py',
    '../_base_/datasets/pairs_street_joint.py',
    '../_base_/schedules/object_remover_selector.py',
    '../_base_/default_runtime.py',
]
model = dict(edge=None, segmentation=None, image=None, mask_expansion=None)
val_evaluator = test_evaluator = [dict(type='MaskGrowthMetric')]
