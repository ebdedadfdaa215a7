# Third phase, end to end: each part goes on with its own optimiser.
_base_ = './segan_painter.py'
optim_wrapper = dict(segmentor=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)))
train_cfg = dict(max_epochs=10)
