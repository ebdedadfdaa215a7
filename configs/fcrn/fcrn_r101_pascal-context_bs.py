_base_ = './fcrn_r101_pascal-context.py'
model = dict(
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512)
    )
)
