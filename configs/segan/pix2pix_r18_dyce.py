# Pix2pix without the segmentor (Tables 1 and 2): it sees what is seen of an object, no more.
_base_ = './segan_r18_painter_dyce.py'
model = dict(painter_mask='visible')
val_evaluator = [
    dict(type='PaintingErrorMetric'),
    dict(type='VisiblePaintingErrorMetric'),
    dict(type='PaintedMaskIoUMetric', side=58),
]
test_evaluator = val_evaluator
