# Goes on from the segmentor and the painter, each trained alone.
_base_ = [
    '../_base_/models/segan.py',
    '../_base_/datasets/dyce.py',
    '../_base_/schedules/segan.py',
    '../_base_/default_runtime.py',
]
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_r18_segmentor_dyce/epoch_10.pth',
        generator='work_dirs/segan_r18_painter_dyce/epoch_20.pth',
        discriminator='work_dirs/segan_r18_painter_dyce/epoch_20.pth',
    )
)
