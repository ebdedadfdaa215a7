_base_ = './segan_small.py'
model = dict(segmentor=None, painter_mask='truth', painter_weight=1.0)
