# Trained as without this, tested with the places of persons and vehicles as holes.
_base_ = './inpainting_street.py'
middle = dict(type='CentreHole', sides=(32, 64))
test_pipeline = [
    *_base_.load,
    _base_.resize,
    _base_.test_crop,
    dict(type='ObjectHole', classes=tuple(range(11, 19)), grow=2, otherwise=middle, fixed=True),
    *_base_.keep,
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
