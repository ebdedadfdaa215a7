# Visible masks as a segmentation network sees them: SPLIT_multipath.txt.
_base_ = './segan_small_end-to-end_street-dyce.py'
train_dataloader = dict(dataset=dict(predicted_masks=True))
val_dataloader = dict(dataset=dict(predicted_masks=True))
test_dataloader = dict(dataset=dict(predicted_masks=True))
model = dict(
    part_checkpoints=dict(
        segmentor='work_dirs/segan_small_segmentor_predicted-sv_street-dyce/epoch_10.pth',
        generator='work_dirs/segan_small_painter_predicted-sv_street-dyce/epoch_10.pth',
        discriminator='work_dirs/segan_small_painter_predicted-sv_street-dyce/epoch_10.pth',
    )
)
