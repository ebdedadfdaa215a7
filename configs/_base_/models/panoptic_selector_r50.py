# The masks of mmdet's PanopticFPN for COCO's 133 panoptic classes.
_base_ = ['./panoptic_fpn_r50.py', './coco_things.py']
selector = dict(
    type='PanopticMaskSelector',
    detector=_base_.detector,
    thing_names=_base_.thing_names,
    class_ids=tuple(range(133)),
    scale=(1333, 800),  # in which it was trained; the paper does not say in which it looks
)
