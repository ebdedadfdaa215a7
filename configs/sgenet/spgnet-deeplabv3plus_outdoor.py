# Nothing to train: python tools/test.py this-config, after the configs of these checkpoints.
_base_ = [
    '../_base_/models/spgnet_then_deeplab.py',
    '../_base_/datasets/inpainting_outdoor.py',
    '../_base_/schedules/test_only.py',
    '../_base_/default_runtime.py',
]
model = dict(
    inpainter=dict(num_classes=8, segmentation=dict(out_channels=8), painter=dict(in_channels=12)),
    segmentor=dict(decode_head=dict(num_classes=8), auxiliary_head=dict(num_classes=8)),
    inpainter_checkpoint='work_dirs/spgnet_outdoor/epoch_200.pth',
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
