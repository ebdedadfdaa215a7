# Table IV: the boundary loss, eq. (8).
_base_ = './object-remover_coco.py'
model = dict(mask_expansion=dict(alpha=0.0, unit='outside'))
