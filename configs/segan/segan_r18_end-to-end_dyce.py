# Goes on from the segmentor and the painter, each trained alone.
_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/dyce.py',
    '../_base_/schedules/segan_painter.py',
    '../_base_/default_runtime.py',
]
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_r18_segmentor_dyce/epoch_10.pth',
        generator='work_dirs/segan_r18_painter_dyce/epoch_20.pth',
        discriminator='work_dirs/segan_r18_painter_dyce/epoch_20.pth',
    )
)
# Each part goes on with its optimiser; the rate of the segmentor falls as in the published code.
optim_wrapper = dict(segmentor=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)))
falling = dict(type='MultiStepLR', milestones=[20000, 40000, 40000, 60000], gamma=0.1)
param_scheduler = dict(generator=[], discriminator=[], segmentor=[dict(falling, by_epoch=False)])
train_cfg = dict(max_epochs=10)
