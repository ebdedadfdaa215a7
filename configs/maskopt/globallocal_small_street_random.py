# G&L, trained with random masks, a baseline of Table V.
_base_ = [
    '../_base_/models/globallocal.py',
    '../_base_/datasets/pairs_street_random.py',
    '../_base_/schedules/inpainting_gan_short.py',
    '../_base_/default_runtime.py',
]
# For CPUs: its layers as DeepFill has them, with few channels.
model = dict(
    generator=dict(
        encoder=dict(
            _delete_=True,
            type='DeepFillEncoder',
            in_channels=4,
            channel_factor=0.25,
            norm_cfg=dict(type='BN'),
        ),
        decoder=dict(_delete_=True, type='DeepFillDecoder', in_channels=32, channel_factor=0.25),
        dilation_neck=dict(in_channels=32),
    ),
    discriminator=dict(max_channels=64),
)
