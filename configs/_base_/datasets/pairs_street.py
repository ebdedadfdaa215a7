# Street with pasted objects, 128x128:
#   make_pairs.py data/pairs_street/train --num 2000 --size 128 128 --scale 0.7 2 \
#     cityscapes data/street
#   make_pairs.py data/pairs_street/val --num 200 --size 128 128 --scale 0.7 2 \
#     cityscapes data/street --split val
_base_ = './pairs_coco.py'
data_root = 'data/pairs_street'
train_dataloader = dict(
    num_workers=2,
    sampler=dict(_delete_=True, type='PartialEpochSampler', samples_per_epoch=400),
    dataset=dict(data_root=f'{data_root}/train'),
)
val_dataloader = dict(num_workers=2, dataset=dict(data_root=f'{data_root}/val'))
test_dataloader = val_dataloader

# Another distance than FID, for machines without Inception-v3's weights.
test_evaluator = [
    *_base_.test_evaluator,
    dict(
        type='FIDMetric',
        network='squeezenet',
        weights='data/weights/squeezenet1_1_torchvision.pth',
        optional=True,
    ),
]
