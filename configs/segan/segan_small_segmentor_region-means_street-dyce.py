# The paper's loss, as in the configs of its setting: background, visible and hidden pixels weigh
# 1 : 5 : 3, each region by its own mean.
_base_ = './segan_small_segmentor_street-dyce.py'
model = dict(
    segmentor=dict(loss_mask=dict(visible_weight=5.0, hidden_weight=3.0, reduction='mean'))
)
