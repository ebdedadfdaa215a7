# For the painter alone.
_base_ = './street_dyce.py'
val_evaluator = {{_base_.painting_metrics}}
test_evaluator = {{_base_.painting_metrics}}
