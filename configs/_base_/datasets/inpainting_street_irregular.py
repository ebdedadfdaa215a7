# Trained as without this, tested with NVIDIA's masks.
_base_ = './inpainting_street.py'
test_pipeline = [
    *_base_.load,
    _base_.resize,
    _base_.test_crop,
    dict(type='IrregularHoles', folder='data/irregular_masks', fixed=True),
    *_base_.keep,
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
