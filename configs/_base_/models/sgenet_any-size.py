# For pictures of any size: no layer has weights for places.
_base_ = './sgenet.py'
model = dict(
    generator=dict(context=dict(_delete_=True, type='DilatedContext', dilations=(1, 2, 4, 8)))
)
