# One backbone for both heads, which are trained together.
_base_ = './localizer_r18_street_bs_weighted.py'
model = dict(
    semantic=dict(_delete_=True, type='SharedScores', decode_head=_base_.fcrn.decode_head),
    instance_head=dict(confidence='score'),
)
