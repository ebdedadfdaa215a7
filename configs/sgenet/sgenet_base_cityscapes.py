# Base-Net (Section 4.3): the same scales, without a guide.
_base_ = './sgenet_cityscapes.py'
model = dict(generator=dict(decoder=dict(sgim=None, scem=None)))
