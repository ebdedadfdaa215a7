# Trained with random masks, without objects; tested with objects (Table II). The masks are, as in
# the paper, those that NVIDIA trained partial convolutions with, prepared as their authors say.
data_root = 'data/pairs_coco'
flip = dict(type='mmseg.RandomFlip', prob=0.5)
pack = dict(type='PackScene')
test_pipeline = [dict(type='LoadPair'), pack]
masks = dict(
    type='IrregularHoles',
    folder='data/irregular_masks_train',
    invert=True,  # white is known
    rotate=180,
    dilate=(5, 47),
    crop=(0.5, 1.0),
    ratios=(0.01, 0.6),
)

train_pipeline = [dict(type='LoadPair', with_object=False), flip, masks, pack]

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
