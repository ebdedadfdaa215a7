# Maskopt as a whole for CPUs: Street with Cityscapes' 19 classes.
_base_ = ['./edgeconnect_small_segmentation.py', './panoptic_fpn_small.py']
selector = dict(
    type='PanopticMaskSelector',
    detector=_base_.detector,
    thing_names=(*('person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),),
    class_ids=(*range(11, 19), *range(11)),
)
mask_expansion = dict(type='MaskExpansionLoss', alpha=0.03, loss_weight=1000.0)
model = dict(
    type='ObjectRemover',
    selector=selector,
    mask_expansion=mask_expansion,
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, segmentation=1.0, image=1.0),
)
