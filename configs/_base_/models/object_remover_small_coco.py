# Maskopt for CPUs and COCO's annotations of objects: no classes of stuff, so no segmentation stage.
_base_ = ['./edgeconnect_small.py', './instance_selector_small_coco.py']
mask_expansion = dict(type='MaskExpansionLoss', alpha=0.03, unit='outside', loss_weight=1000.0)
model = dict(
    type='ObjectRemover',
    selector=_base_.selector,
    mask_expansion=mask_expansion,
    joint=True,
    term_weights=dict(selector=1.0, edge=1.0, image=1.0),
)
