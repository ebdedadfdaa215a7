# Sec. 3.2: VOC 2012's pictures with SBD's objects, 5623 to train and 5732 to test (val).
_base_ = './voc_instances.py'
data_root = 'data/sbd'

train_dataloader = dict(dataset=dict(type='SBDInstanceDataset', data_root=data_root))
val_dataloader = dict(dataset=dict(type='SBDInstanceDataset', data_root=data_root))
test_dataloader = val_dataloader
