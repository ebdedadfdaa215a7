# Table IV.
_base_ = './object-remover_coco.py'
model = dict(mask_expansion=dict(alpha=0.01, unit='outside'))
