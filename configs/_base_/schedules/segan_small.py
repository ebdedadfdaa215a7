# For minutes on a CPU: all parts go on at two fifths of the rate that the painter began with.
_base_ = './segan_small_painter.py'
adam = dict(type='Adam', lr=2e-4)
optim_wrapper = dict(
    segmentor=dict(type='OptimWrapper', optimizer=adam),
    generator=dict(optimizer=dict(lr=2e-4)),
    discriminator=dict(optimizer=dict(lr=2e-4)),
)
