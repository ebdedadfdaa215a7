# ResNet-50 main branch, ResNet-18 light foreground branch: 58.4271 M parameters.
_base_ = './pspnet_r18_cityscapes.py'
model = dict(backbone=dict(depth=50), background_head=dict(in_channels=2048))
train_dataloader = dict(batch_size=4)
