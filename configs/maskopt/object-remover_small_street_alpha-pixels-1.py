# A margin of one pixel, the same for objects of any size and place.
_base_ = './object-remover_small_street.py'
model = dict(mask_expansion=dict(alpha_pixels=1.0))
train_pipeline = [
    dict(step, unit='pixels') if step['type'] == 'SignedDistance' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
