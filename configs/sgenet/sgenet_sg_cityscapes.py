# SG-Net (Fig. 2): guided by the segmentation, which is not evaluated.
_base_ = './sgenet_cityscapes.py'
model = dict(
    generator=dict(
        decoder=dict(sgim=dict(_delete_=True, type='SGIM', hidden_channels=128), scem=None)
    )
)
