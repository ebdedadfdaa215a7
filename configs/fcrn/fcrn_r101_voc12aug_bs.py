_base_ = './fcrn_r101_voc12aug.py'
model = dict(
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512)
    )
)
