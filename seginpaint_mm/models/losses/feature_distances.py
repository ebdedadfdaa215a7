"""Distances between two pictures' features, weighted layer by layer."""

from collections.abc import Callable, Mapping

from torch import Tensor

Features = Mapping[str, Tensor]


def weighted_distance(
    layer_weights: Mapping[str, float],
    features: Features,
    target: Features,
    distance: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The sum over the layers of weight times distance.

    Raises:
        ValueError: when a layer is not among the features.
    """
    missing = [name for name in layer_weights if name not in features]
    if missing:
        raise ValueError(
            f'layer_weights names {missing}, but the features are of {list(features)}: list them '
            f'in PerceptualFeatures.layers.'
        )
    return sum(
        weight * distance(features[name].float(), target[name].float())
        for name, weight in layer_weights.items()
    )
