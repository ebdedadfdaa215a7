# Persons, as in the paper, pasted on 80 and 80 real pictures of COCO, for training end to end:
#   make_pairs.py data/pairs_coco_tiny_persons/train --class person --num 1000 --size 128 128 \
#     coco data/coco_tiny --annotations annotations/instances_train2017.json --images train2017
#   make_pairs.py data/pairs_coco_tiny_persons/val --class person --num 200 --size 128 128 \
#     coco data/coco_tiny --annotations annotations/instances_val2017.json --images val2017
_base_ = './pairs_street_joint.py'
data_root = 'data/pairs_coco_tiny_persons'
train_dataloader = dict(dataset=dict(data_root=f'{data_root}/train'))
val_dataloader = dict(dataset=dict(data_root=f'{data_root}/val'))
test_dataloader = val_dataloader
