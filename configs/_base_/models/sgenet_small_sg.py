_base_ = './sgenet_small.py'
model = dict(
    generator=dict(
        decoder=dict(sgim=dict(_delete_=True, type='SGIM', hidden_channels=32), scem=None)
    )
)
