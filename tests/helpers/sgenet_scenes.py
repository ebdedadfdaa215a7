"""An SGE-Net small enough for tests."""

import seginpaint_mm.interop.mmagic  # noqa: F401  registers mmagic's networks

SIZE = (64, 96)  # height, width
CHANNELS = (4, 6, 6, 8, 8, 8)
NUM_CLASSES = 3
SGIM = dict(type='SGIM', hidden_channels=8)
SGIM_PLUS = dict(type='SGIMPlus', hidden_channels=8, mask_channels=4)
SCEM = dict(type='SCEM', tau=('quantile', 0.25))
VARIANTS = {
    'Base-Net': dict(sgim=None, scem=None),
    'SG-Net': dict(sgim=SGIM, scem=None),
    'SGE-Net': dict(sgim=SGIM_PLUS, scem=SCEM),
}


def tiny_generator(context: dict | None = None, **changes: object) -> dict:
    """Config of a generator whose decoder is changed."""
    decoder = dict(type='MultiScaleDecoder', num_classes=NUM_CLASSES, **VARIANTS['SGE-Net'])
    return dict(
        type='SGEGenerator',
        encoder=dict(type='SkipEncoder', channels=CHANNELS),
        context=context or dict(type='DilatedContext', dilations=(1, 2)),
        decoder={**decoder, **changes},
    )


def tiny_discriminator(num_scales: int = 2) -> dict:
    patch = dict(in_channels=3, base_channels=4, num_conv=2, norm_cfg=dict(type='IN'))
    return dict(
        type='MultiScalePatchDiscriminator',
        discriminator=dict(type='PatchDiscriminator', _scope_='mmagic', **patch),
        num_scales=num_scales,
    )


def tiny_sgenet(**changes: object) -> dict:
    """Config of an SGE-Net, changed."""
    config = dict(
        type='SGENet',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        generator=tiny_generator(),
        discriminator=tiny_discriminator(),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.01),
        loss_segmentation=dict(type='mmseg.CrossEntropyLoss', loss_weight=0.1, avg_non_ignore=True),
    )
    return {**config, **changes}


def tiny_perceptual() -> dict:
    """Arguments of a perceptual loss in a small network with random weights."""
    return dict(
        perceptual_features=dict(
            type='PerceptualFeatures', network='squeezenet1_1', layers=('relu1',), weights=None
        ),
        loss_perceptual=dict(type='PerceptualLoss', layer_weights=dict(relu1=1.0), loss_weight=0.5),
    )
