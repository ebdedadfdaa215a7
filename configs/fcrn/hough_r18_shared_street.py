# One backbone for both heads, which are trained together.
_base_ = './localizer_r18_street.py'
model = dict(
    semantic=dict(_delete_=True, type='SharedScores', decode_head=_base_.fcrn.decode_head),
    localization_head=dict(loss_box=dict(num_pixels=0.46), weighting='inverse_sqrt_area'),
    instance_head=dict(confidence='score'),
)
