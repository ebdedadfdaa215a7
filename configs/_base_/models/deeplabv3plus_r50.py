# Trained by itself, for InpaintThenSegment.
_base_ = './deeplabv3plus_r50_segmentor.py'
model = _base_.segmentor
