# Hidden truth by pasting, for sets without gt_manual, and to compare the two kinds of truth.
_base_ = './cityscapes_128x256.py'

load = [dict(type='LoadSceneImage'), dict(type='LoadSceneAnnotations')]
object_source = dict(
    type='CityscapesSceneDataset',
    data_root={{_base_.data_root}},
    split='val',
    pipeline=[*load, dict(type='LoadObjects')],
)
test_pipeline = [
    *load,
    dict(type='PasteForeground', source=object_source, fixed=True),
    dict(type='PackScene'),
]

val_dataloader = dict(dataset=dict(hidden_truth='none', part=None, pipeline=test_pipeline))
test_dataloader = val_dataloader
