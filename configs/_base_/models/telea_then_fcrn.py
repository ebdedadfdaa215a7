# Table 4: segmentation after inpainting, here FCRN of what cv2.inpaint has filled. Its 19
# classes are the first of the 20: it never says void.
_base_ = './fcrn_r18.py'
model = dict(
    _delete_=True,
    type='InpaintThenSegment',
    inpainter=dict(type='OpenCVInpainter', method='telea'),
    segmentor=dict(_base_.model, decode_head=dict(_base_.model.decode_head, num_classes=19)),
)
