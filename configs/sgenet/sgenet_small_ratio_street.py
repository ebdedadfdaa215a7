# The other reading of tau: a share of the surest place's probability.
_base_ = './sgenet_small_street.py'
model = dict(generator=dict(decoder=dict(scem=dict(tau=('ratio', 0.7)))))
