# Nothing to train: python tools/test.py this-config, after the configs of these checkpoints.
_base_ = [
    '../_base_/models/spgnet.py',
    '../_base_/models/deeplabv3plus_r50_segmentor.py',
    '../_base_/datasets/inpainting_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='InpaintThenSegment',
    data_preprocessor=_base_.model.data_preprocessor,
    inpainter=_base_.model,
    segmentor=_base_.segmentor,
    inpainter_checkpoint='work_dirs/spgnet_cityscapes/epoch_200.pth',
    segmentor_checkpoint='work_dirs/deeplabv3plus_r50_cityscapes/epoch_50.pth',
)
train_dataloader = None
test_cfg = dict(type='TestLoop')
val_dataloader = None
val_evaluator = None
test_evaluator = [
    *_base_.image_metrics,
    dict(type='ClassIoUMetric'),
    dict(type='HoleClassIoUMetric'),
]
