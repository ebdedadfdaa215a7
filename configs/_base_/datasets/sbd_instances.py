# Sec. 3.2: VOC 2012's images with SBD's objects, by VOC's lists: 5623 to train, 5732 to test (val).
_base_ = './voc_instances.py'
data_root = 'data/sbd'
voc_root = 'data/VOCdevkit/VOC2012'
part = dict(type='SBDInstanceDataset', data_root=data_root, voc_root=voc_root)

train_dataloader = dict(dataset=dict(part, num_images=5623))
val_dataloader = dict(dataset=dict(part, num_images=5732))
test_dataloader = val_dataloader
del part
