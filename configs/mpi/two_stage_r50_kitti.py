_base_ = [
    '../_base_/models/two_stage_r50.py',
    '../_base_/datasets/kitti.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
