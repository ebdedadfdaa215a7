"""Read a metric's fields from a record, with errors that name missing ones."""

from collections.abc import Sequence

from torch import Tensor

from seginpaint_mm.errors import MissingFieldError


def read_instances(
    sample: dict, field: str, keys: Sequence[str], *, metric: str
) -> dict[str, Tensor]:
    """Tensors of ``gt_instances`` or ``pred_instances``, on the CPU, all of the same length.

    Args:
        sample: A ``SceneSample.to_dict()`` record.
        field: ``'gt_instances'`` or ``'pred_instances'``.
        keys: Names of the tensors.
        metric: Who asks, for errors.

    Raises:
        KeyError: when one is missing.
    """
    instances = sample.get(field, {})
    missing = [key for key in keys if key not in instances]
    if missing:
        source = (
            "a data set's pipeline (LoadAmodalObjects, GrowBoxes, CropAppearances and PackScene)"
            if field == 'gt_instances'
            else 'the model'
        )
        raise MissingFieldError(
            f'{metric}: {name_of(sample)} has no {field}.{missing[0]}; it comes from {source}.'
        )
    return {key: instances[key].cpu() for key in keys}


def check_same_shape(sample: dict, tensors: dict[str, Tensor], *, metric: str) -> None:
    """ValueError when the named tensors are not of one shape."""
    (first, expected), *others = tensors.items()
    for name, tensor in others:
        if tensor.shape != expected.shape:
            raise ValueError(
                f'{metric}: {name} of {name_of(sample)} is {tuple(tensor.shape)}, but {first} '
                f'is {tuple(expected.shape)}: the objects, their order and the size of the masks '
                f'must be the same.'
            )


def name_of(sample: dict) -> str:
    """Name a record in an error."""
    return str(sample.get('img_path') or f'sample {sample.get("sample_idx", "?")}')
