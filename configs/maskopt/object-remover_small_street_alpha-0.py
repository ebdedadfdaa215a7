# Table IV: the boundary loss, eq. (8).
_base_ = './object-remover_small_street.py'
model = dict(mask_expansion=dict(alpha=0.0, unit='outside'))
