# For CPUs, and without weights to download: a random ResNet-18 tells shapes and colours apart.
_base_ = './nearest_object.py'
model = dict(backbone=dict(init_cfg=None), crop_size=64, mask_size=28, painter_size=64)
