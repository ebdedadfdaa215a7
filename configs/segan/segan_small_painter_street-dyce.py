_base_ = [
    '../_base_/models/segan_small.py',
    '../_base_/datasets/street_dyce_painter.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
# Second phase: the painter alone, on true masks.
model = dict(segmentor=None, painter_mask='truth', painter_weight=1.0)
# Twice pix2pix's rate, which then declines.
optim_wrapper = dict(
    generators=dict(optimizer=dict(lr=5e-4)), discriminators=dict(optimizer=dict(lr=5e-4))
)
train_cfg = dict(val_begin=10)
