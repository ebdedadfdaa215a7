_base_ = './segan_small.py'
model = dict(painter=None)
