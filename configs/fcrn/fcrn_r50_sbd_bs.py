# The semantic net of Table 6's rows "50-layer", from SBD's 5623 training images.
_base_ = './fcrn_r101_sbd_bs.py'
model = dict(backbone=dict(depth=50))
