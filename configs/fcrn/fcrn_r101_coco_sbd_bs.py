# The semantic net of Table 6's last row: starts from COCO's, with a new classifier, of 21 classes.
_base_ = './fcrn_r101_sbd_bs.py'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/fcrn_r101_coco_bs/epoch_6.pth',
            prefix='backbone.',
        )
    )
)
