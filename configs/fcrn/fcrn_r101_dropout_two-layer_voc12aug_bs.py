# For the test set (Table 2): dropout in the last two stages and a classifier of two layers, of the
# same FoV. The paper gives no rates and widths: these are of the authors' later code.
_base_ = './fcrn_r101_voc12aug.py'
model = dict(
    backbone=dict(
        plugins=[
            dict(
                cfg=dict(type='ResidualDropout', ratio=0.3),
                stages=(False, False, True, False),
                position='after_conv2',
            ),
            dict(
                cfg=dict(type='ResidualDropout', ratio=0.5),
                stages=(False, False, False, True),
                position='after_conv2',
            ),
        ]
    ),
    decode_head=dict(
        kernel_size=3,
        hidden_channels=(512,),
        loss_decode=dict(_delete_=True, type='BootstrappedCrossEntropyLoss', num_pixels=512),
    ),
)
