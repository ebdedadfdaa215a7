# Both nets of Table 6's rows "101-layer"; the row "COCO" takes another semantic checkpoint.
_base_ = './hough_r50_voc.py'
model = dict(
    backbone=dict(depth=101),
    semantic=dict(
        segmentor=dict(backbone=dict(depth=101)),
        checkpoint='work_dirs/fcrn_r101_sbd_bs/epoch_50.pth',
    ),
)
