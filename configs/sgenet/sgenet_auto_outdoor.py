# Table 5: trained with automatic labels, which predict_labels.py makes of images/train:
# data/outdoor_scenes/automatic_labels
_base_ = './sgenet_outdoor.py'
train_dataloader = dict(dataset=dict(label_folder='automatic_labels'))
