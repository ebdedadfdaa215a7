# Table 5: trained with automatic labels, which predict_labels.py makes of leftImg8bit/train:
# data/street/automatic_labels/train
_base_ = './sgenet_small_street.py'
train_pipeline = [
    _base_.load[0],
    dict(type='LoadClasses'),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(
    dataset=dict(
        label_folder='automatic_labels',
        label_suffix='_leftImg8bit.png',
        pipeline=train_pipeline,
    )
)
