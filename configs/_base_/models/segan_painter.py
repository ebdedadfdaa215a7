# Second phase: the painter alone, on true masks.
_base_ = './segan.py'
model = dict(segmentor=None, painter_mask='truth', painter_weight=1.0)
