# The convex hull of what is seen of each object: python tools/test.py this-config
_base_ = [
    '../_base_/datasets/cocoa_sample.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(type='ConvexHullCompleter', mask_size=28, painter_size=64)
