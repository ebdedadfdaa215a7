# Table IV.
_base_ = './object-remover_small_street.py'
model = dict(mask_expansion=dict(alpha=0.05, unit='outside'))
