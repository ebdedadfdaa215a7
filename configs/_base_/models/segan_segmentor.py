# First phase: the segmentor alone.
_base_ = './segan.py'
model = dict(painter=None)
