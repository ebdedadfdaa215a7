# The convex hull of what is seen of each object: python tools/test.py this-config
_base_ = [
    '../_base_/models/convex_hull.py',
    '../_base_/datasets/dyce.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
train_dataloader = None
val_dataloader = None
val_evaluator = None
