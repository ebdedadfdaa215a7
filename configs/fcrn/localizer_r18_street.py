_base_ = [
    '../_base_/models/localizer_r18.py',
    '../_base_/datasets/street_instances.py',
    '../_base_/schedules/adam_short.py',
    '../_base_/default_runtime.py',
]
