# An instance network alone, on real pictures: the first phase. Its masks are measured.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/models/instance_selector_small_coco.py',
    '../_base_/datasets/pairs_coco_tiny_persons.py',
    '../_base_/schedules/object_remover_selector.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=None,
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, image=1.0),
    edge=None,
    image=None,
)
val_evaluator = test_evaluator = [dict(type='MaskGrowthMetric')]
