# Visible masks as a segmentation network sees them: SPLIT_multipath.txt.
_base_ = './segan_r18_painter_dyce.py'
train_dataloader = dict(dataset=dict(predicted_masks=True))
val_dataloader = dict(dataset=dict(predicted_masks=True))
test_dataloader = dict(dataset=dict(predicted_masks=True))
