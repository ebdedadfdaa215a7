# An instance network alone, on real pictures: the first phase. Its masks are measured.
_base_ = [
    '../_base_/models/object_remover_small_coco.py',
    '../_base_/datasets/pairs_coco_tiny_persons.py',
    '../_base_/schedules/object_remover_selector.py',
    '../_base_/default_runtime.py',
]
model = dict(edge=None, image=None, mask_expansion=None)
val_evaluator = test_evaluator = [dict(type='MaskGrowthMetric')]
