# Eq. (3) as it is written: gamma, not 1 + gamma.
_base_ = './sgenet_small_street.py'
model = dict(generator=dict(decoder=dict(sgim=dict(scaling='gamma'))))
