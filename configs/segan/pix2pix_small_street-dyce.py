# Pix2pix without the segmentor (Tables 1 and 2): it sees what is seen of an object, no more.
_base_ = './segan_small_painter_street-dyce.py'
model = dict(painter_mask='visible')
val_evaluator = [
    dict(type='PaintingErrorMetric'),
    dict(type='VisiblePaintingErrorMetric'),
    dict(type='PaintedMaskIoUMetric', side=28),
]
test_evaluator = val_evaluator
