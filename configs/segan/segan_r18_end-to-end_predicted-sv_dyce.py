# Visible masks as a segmentation network sees them: SPLIT_multipath.txt.
_base_ = './segan_r18_end-to-end_dyce.py'
train_dataloader = dict(dataset=dict(predicted_masks=True))
val_dataloader = dict(dataset=dict(predicted_masks=True))
test_dataloader = dict(dataset=dict(predicted_masks=True))
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_r18_segmentor_predicted-sv_dyce/epoch_10.pth',
        generator='work_dirs/segan_r18_painter_predicted-sv_dyce/epoch_20.pth',
        discriminator='work_dirs/segan_r18_painter_predicted-sv_dyce/epoch_20.pth',
    )
)
