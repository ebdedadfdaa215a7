# Goes on from the segmentor and the painter, each trained alone.
_base_ = [
    '../_base_/models/segan_small.py',
    '../_base_/datasets/street_dyce.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_small_segmentor_street-dyce/epoch_10.pth',
        generator='work_dirs/segan_small_painter_street-dyce/epoch_10.pth',
        discriminator='work_dirs/segan_small_painter_street-dyce/epoch_10.pth',
    )
)
# All parts go on at two fifths of the rate that the painter began with.
optim_wrapper = dict(
    generators=dict(optimizer=dict(lr=2e-4)),
    discriminators=dict(optimizer=dict(lr=2e-4)),
    segmentor=dict(optimizer=dict(betas=(0.9, 0.999))),
)
train_cfg = dict(val_begin=10)
