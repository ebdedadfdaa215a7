# For CPUs: the masks of a small Mask R-CNN, COCO's 80 things.
_base_ = ['./mask_rcnn_small_coco.py', './coco_things.py']
selector = dict(
    type='PanopticMaskSelector',
    detector=_base_.detector,
    thing_names=_base_.thing_names,
    class_ids=tuple(range(1, 81)),  # 0 is what no object covers
    background_class=0,
    box_margin=0.2,
    upscale=2,
    min_area=100,
    score_threshold=0.05,
)
