# For the painter alone.
_base_ = './dyce.py'
val_evaluator = {{_base_.painting_metrics}}
test_evaluator = {{_base_.painting_metrics}}
