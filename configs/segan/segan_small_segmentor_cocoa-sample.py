# Full masks of three real pictures: python tools/test.py this-config CHECKPOINT
_base_ = [
    '../_base_/models/segan_small_segmentor.py',
    '../_base_/datasets/cocoa_sample.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
