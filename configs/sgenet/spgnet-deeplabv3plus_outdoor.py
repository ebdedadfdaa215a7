# Nothing to train: python tools/test.py this-config, after the configs of these checkpoints.
_base_ = [
    '../_base_/models/spgnet.py',
    '../_base_/models/deeplabv3plus_r50_segmentor.py',
    '../_base_/datasets/inpainting_outdoor.py',
    '../_base_/default_runtime.py',
]
spgnet, deeplab = _base_.model, _base_.segmentor
model = dict(
    _delete_=True,
    type='InpaintThenSegment',
    data_preprocessor=spgnet.data_preprocessor,
    inpainter=dict(
        spgnet,
        num_classes=8,
        segmentation=dict(spgnet.segmentation, out_channels=8),
        painter=dict(spgnet.painter, in_channels=12),
    ),
    segmentor=dict(
        deeplab,
        decode_head=dict(deeplab.decode_head, num_classes=8),
        auxiliary_head=dict(deeplab.auxiliary_head, num_classes=8),
    ),
    inpainter_checkpoint='work_dirs/spgnet_outdoor/epoch_200.pth',
    segmentor_checkpoint='work_dirs/deeplabv3plus_r50_outdoor/epoch_50.pth',
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
