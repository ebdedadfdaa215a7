# Table 6, "50-layer": boxes learnt from SBD, without bootstrapping.
_base_ = [
    '../_base_/models/localizer_r50.py',
    '../_base_/datasets/sbd_instances.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]
