# The panoptic network alone: the first phase. It paints nothing: its masks are measured.
_base_ = [
    '../_base_/models/edgeconnect_small_segmentation.py',
    '../_base_/models/panoptic_selector_small.py',
    '../_base_/datasets/pairs_street_joint.py',
    '../_base_/schedules/object_remover_selector.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=None,
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, segmentation=1.0, image=1.0),
    edge=None,
    segmentation=None,
    image=None,
)
val_evaluator = test_evaluator = [dict(type='MaskGrowthMetric')]
