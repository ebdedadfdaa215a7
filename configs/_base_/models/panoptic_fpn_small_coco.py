# The small panoptic network with COCO's 80 things and 53 kinds of stuff.
_base_ = './panoptic_fpn_small.py'
detector = dict(
    roi_head=dict(bbox_head=dict(num_classes=80), mask_head=dict(num_classes=80)),
    semantic_head=dict(num_things_classes=80, num_stuff_classes=53),
    panoptic_fusion_head=dict(num_things_classes=80, num_stuff_classes=53),
)
