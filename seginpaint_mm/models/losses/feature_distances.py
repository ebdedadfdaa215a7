"""Distances between two pictures' features, weighted layer by layer."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Features = Mapping[str, Tensor]


def weighted_distance(
    layer_weights: Mapping[str, float],
    features: Features,
    target: Features,
    distance: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The sum over the layers of weight times distance, in float32 also in mixed precision.

    Distances sum over whole maps, which float16 cannot hold, and autocast would turn a product of
    matrices back to it.

    Raises:
        ValueError: when a layer is not among the features.
    """
    missing = [name for name in layer_weights if name not in features]
    if missing:
        raise ValueError(
            f'layer_weights names {missing}, but the features are of {list(features)}: list them '
            f'in PerceptualFeatures.layers.'
        )
    pairs = [(features[name].float(), target[name].float()) for name in layer_weights]
    with torch.autocast(pairs[0][0].device.type, enabled=False):
        return sum(
            weight * distance(*pair)
            for weight, pair in zip(layer_weights.values(), pairs, strict=True)
        )
