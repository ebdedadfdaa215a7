# Gradients as large as the published code's: the painter's on the mask, and the mask's own loss.
_base_ = './segan_r18_end-to-end_dyce.py'
model = dict(
    mask_gradient='published',
    segmentor=dict(
        loss_mask=dict(
            background_weight=1 / 37000,
            visible_weight=5 / 27000,
            hidden_weight=3 / 12000,
            reduction='sum',
        )
    ),
)
