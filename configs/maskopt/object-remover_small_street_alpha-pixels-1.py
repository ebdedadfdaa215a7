# A margin of one pixel, the same for objects of any size and place.
_base_ = './object-remover_small_street.py'
model = dict(mask_expansion=dict(alpha=1.0, unit='pixels'))
