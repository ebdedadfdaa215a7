# Without the mask expansion loss.
_base_ = './object-remover_coco.py'
model = dict(mask_expansion=None)
