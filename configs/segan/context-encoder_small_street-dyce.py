_base_ = [
    '../_base_/models/context_encoder_small.py',
    '../_base_/datasets/street_dyce_painter.py',
    '../_base_/schedules/segan_small_painter.py',
    '../_base_/default_runtime.py',
]
