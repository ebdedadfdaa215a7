_base_ = './fcrn_r18_voc-small.py'
model = dict(
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=8192)
    )
)
