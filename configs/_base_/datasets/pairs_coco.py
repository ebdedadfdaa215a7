# COCO with pasted persons, 256x256, of tools/dataset_converters/make_pairs.py (Sec. III-A):
#   make_pairs.py data/pairs_coco/train --num 118287 --class person --all-objects
#     coco-panoptic data/coco --annotations annotations/panoptic_train2017.json --images train2017
#     --segments annotations/panoptic_train2017        (val: --num 5000, ..._val2017)
data_root = 'data/pairs_coco'

flip = dict(type='mmseg.RandomFlip', prob=0.5)
pack = dict(type='PackScene')
train_pipeline = [dict(type='LoadPair'), flip, pack]
test_pipeline = [dict(type='LoadPair'), pack]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PairsDataset', data_root=f'{data_root}/train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairsDataset', data_root=f'{data_root}/val', pipeline=test_pipeline, test_mode=True
    ),
)
test_dataloader = val_dataloader

# What needs weights that are not there is left out with a warning; see their docstrings.
val_evaluator = dict(type='InpaintingQualityMetric')
test_evaluator = [
    val_evaluator,
    dict(type='LPIPSMetric', weights='data/weights/squeezenet1_1_torchvision.pth', optional=True),
    dict(type='FIDMetric', weights='data/weights/pt_inception-2015-12-05.pth', optional=True),
]
