_base_ = './pspnet_r18_cityscapes.py'
# Class weights of the published code; the paper has none.
model = dict(
    background_head=dict(
        loss_decode=dict(
            type='ClassWeightedCrossEntropyLoss', class_weight=[1.0, 5.81867525, 0.78376658]
        )
    )
)
