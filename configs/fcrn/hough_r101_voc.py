_base_ = './hough_r50_voc.py'
model = dict(backbone=dict(depth=101))
