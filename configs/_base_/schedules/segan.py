# Third phase, end to end: each part goes on with its own optimiser. The rate of the segmentor falls
# as in the published code.
_base_ = './segan_painter.py'
optim_wrapper = dict(segmentor=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)))
falling = dict(type='MultiStepLR', milestones=[20000, 40000, 40000, 60000], gamma=0.1)
param_scheduler = dict(generator=[], discriminator=[], segmentor=[dict(falling, by_epoch=False)])
train_cfg = dict(max_epochs=10)
