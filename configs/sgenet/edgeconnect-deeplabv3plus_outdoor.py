# Nothing to train: python tools/test.py this-config, after the configs of these checkpoints.
_base_ = [
    '../_base_/models/edgeconnect_then_deeplab.py',
    '../_base_/datasets/inpainting_outdoor.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    segmentor=dict(decode_head=dict(num_classes=8), auxiliary_head=dict(num_classes=8)),
    inpainter_checkpoint='work_dirs/edgeconnect_outdoor/epoch_30.pth',
    segmentor_checkpoint='work_dirs/deeplabv3plus_r50_outdoor/epoch_50.pth',
)
train_dataloader = None
val_dataloader = None
val_evaluator = None
test_evaluator = [
    *_base_.image_metrics,
    dict(type='ClassIoUMetric'),
    dict(type='HoleClassIoUMetric'),
]
