_base_ = './sgenet_small.py'
model = dict(generator=dict(decoder=dict(sgim=None, scem=None)))
