# Maskopt as a whole (Fig. 2) for COCO: PanopticFPN, and the inpainters, trained end to end.
_base_ = ['./edgeconnect_segmentation.py', './panoptic_selector_r50.py']
mask_expansion = dict(type='MaskExpansionLoss', alpha=0.03, unit='outside', loss_weight=1000.0)
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=mask_expansion,
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, segmentation=1.0, image=1.0),
)
