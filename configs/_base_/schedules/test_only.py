# For data sets that are only tested on (KITTI, Table II).
test_cfg = dict(type='TestLoop')
