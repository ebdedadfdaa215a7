# The same without stuff, for annotations of objects alone: Mask R-CNN.
_base_ = './panoptic_fpn_small_coco.py'
panoptic = _base_.detector
detector = dict(
    _delete_=True,
    type='MaskRCNN',
    _scope_='mmdet',
    init_cfg=panoptic.init_cfg,
    data_preprocessor=panoptic.data_preprocessor,
    backbone=panoptic.backbone,
    neck=panoptic.neck,
    rpn_head=panoptic.rpn_head,
    roi_head=panoptic.roi_head,
    train_cfg=panoptic.train_cfg,
    test_cfg=panoptic.test_cfg,
)
