# For CPUs: ResNet-18, 64 channels, few proposals; Cityscapes' 8 things and 11 stuff. Trained from
# nothing, so its neck and heads are normalised, as in mmdet's configs/scratch. Boxes and masks are
# of all classes alike.
_base_ = './panoptic_fpn_r50.py'
roi_layer = dict(out_channels=64)
norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
few = dict(nms_pre=300, max_per_img=100)
detector = dict(
    init_cfg=None,
    backbone=dict(depth=18, frozen_stages=-1, norm_eval=False),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=64, norm_cfg=norm_cfg),
    rpn_head=dict(in_channels=64, feat_channels=64, anchor_generator=dict(scales=[4])),
    roi_head=dict(
        bbox_roi_extractor=roi_layer,
        bbox_head=dict(
            type='ConvFCBBoxHead',
            num_shared_convs=2,
            num_shared_fcs=1,
            in_channels=64,
            conv_out_channels=64,
            fc_out_channels=256,
            num_classes=8,
            reg_class_agnostic=True,
            norm_cfg=norm_cfg,
        ),
        mask_roi_extractor=roi_layer,
        mask_head=dict(
            num_convs=2,
            in_channels=64,
            conv_out_channels=64,
            num_classes=8,
            class_agnostic=True,
            norm_cfg=norm_cfg,
        ),
    ),
    semantic_head=dict(
        num_things_classes=8, num_stuff_classes=11, in_channels=64, inner_channels=64
    ),
    panoptic_fusion_head=dict(num_things_classes=8, num_stuff_classes=11),
    train_cfg=dict(rpn_proposal=few, rcnn=dict(sampler=dict(num=64, pos_fraction=0.5))),
    test_cfg=dict(rpn=few, rcnn=dict(max_per_img=30)),
)
