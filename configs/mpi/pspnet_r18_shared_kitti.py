_base_ = [
    '../_base_/models/pspnet_r18_shared.py',
    '../_base_/datasets/kitti.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
