# Table 4: segmentation after inpainting.
_base_ = ['./gatedconv_small.py', './fcrn_r18_segmentor.py']
model = dict(
    _delete_=True,
    type='InpaintThenSegment',
    data_preprocessor=_base_.model.data_preprocessor,
    inpainter=_base_.model,
    segmentor=_base_.segmentor,
)
