_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/dyce_painter.py',
    '../_base_/schedules/segan_painter.py',
    '../_base_/default_runtime.py',
]
# Second phase: the painter alone, on true masks.
model = dict(segmentor=None, painter_mask='truth', painter_weight=1.0)
