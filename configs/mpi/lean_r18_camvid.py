# The network in the package on an unseen set, objects pasted, at the height that it knows.
_base_ = [
    '../_base_/models/lean_r18.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
test_pipeline = _base_.test_pipeline
test_pipeline[2].scale = test_pipeline[3].source.pipeline[3].scale = (170, 128)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
train_dataloader = val_dataloader = val_evaluator = None
