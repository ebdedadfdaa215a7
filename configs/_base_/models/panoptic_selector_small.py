# For CPUs: the small panoptic network's masks, Street with Cityscapes' 19 classes.
_base_ = './panoptic_fpn_small.py'
selector = dict(
    type='PanopticMaskSelector',
    detector=_base_.detector,
    thing_names=(*('person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),),
    class_ids=(*range(11, 19), *range(11)),
    box_margin=0.2,
    upscale=2,  # streets of 128 pixels: its finest features are of 4x4 pixels
    min_area=100,  # most of a street's objects are a few pixels far away
    score_threshold=0.05,  # so small a network is seldom surer, where it is right
)
