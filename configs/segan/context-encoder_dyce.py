_base_ = [
    '../_base_/models/context_encoder.py',
    '../_base_/datasets/dyce_painter.py',
    '../_base_/schedules/segan_painter.py',
    '../_base_/default_runtime.py',
]
