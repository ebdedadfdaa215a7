# Without the mask expansion loss.
_base_ = './object-remover_small_coco-tiny.py'
model = dict(mask_expansion=None)
