# What was learnt on Street, tried on three real pictures: python tools/test.py this-config
_base_ = [
    '../_base_/models/segan_small.py',
    '../_base_/datasets/cocoa_sample.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_small_segmentor_street-dyce/epoch_10.pth',
        generator='work_dirs/segan_small_painter_street-dyce/epoch_10.pth',
        discriminator='work_dirs/segan_small_painter_street-dyce/epoch_10.pth',
    )
)
