# The segmentation inpainter alone, with random masks.
_base_ = [
    '../_base_/models/edgeconnect_segmentation.py',
    '../_base_/datasets/pairs_coco_random.py',
    '../_base_/schedules/edgeconnect.py',
    '../_base_/default_runtime.py',
]
model = dict(edge=None, image=None)
val_evaluator = dict(_delete_=True, type='HoleClassIoUMetric')
test_evaluator = [dict(type='HoleClassIoUMetric')]
