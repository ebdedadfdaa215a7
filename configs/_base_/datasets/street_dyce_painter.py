# For the painter alone. Epochs of 400 pictures.
_base_ = './street_dyce.py'
train_dataloader = dict(sampler=dict(samples_per_epoch=400))
val_evaluator = {{_base_.painting_metrics}}
test_evaluator = {{_base_.painting_metrics}}
