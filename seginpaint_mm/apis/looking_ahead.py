"""Look at images and masks before weights are downloaded for them: mistakes in them cost none."""

from collections.abc import Sequence
from pathlib import Path

from seginpaint_mm.apis.inputs import Source, find_inputs
from seginpaint_mm.apis.mask_sources import Masks, find_mask_source
from seginpaint_mm.apis.model_loading import is_to_be_downloaded
from seginpaint_mm.apis.removal import Filling, FillingSource, Removal, RemovalSource
from seginpaint_mm.apis.rounds import FAILURES, failure_of
from seginpaint_mm.errors import UserError


def look_ahead(
    model: object,
    inputs: Source | Sequence[Source],
    masks: Masks | None = None,
    how: Removal | Filling | None = None,
    recursive: bool = False,
    exclude: Sequence[Path] = (),
) -> None:
    """Check images and masks, as far as an inference does before its model sees them.

    Nothing is done for a model whose weights are here. Else it ends at the first image that can be
    processed.

    Args:
        model: As :func:`find_inpainter` takes it.
        inputs: See :meth:`SegInpaintInferencer.stream`, as ``masks`` and ``recursive``.
        masks: None where a network finds the objects: then images are only read.
        how: What is done with the masks.
        exclude: Folders that results are written to.

    Raises:
        UserError, OSError, ValueError: one sentence, where no image can be processed.
    """
    if not is_to_be_downloaded(model):
        return
    source = None if masks is None else find_mask_source(masks)
    if isinstance(how, Removal) and source is not None:
        source = RemovalSource(source, how)
    elif isinstance(how, Filling) and source is not None:
        source = FillingSource(source, how)
    scenes = find_inputs(inputs, recursive, exclude)
    objection = None if source is None else source.objection(scenes)
    if objection is not None:
        raise UserError(objection)
    failures = []
    for scene in scenes:
        try:
            image = scene.read()
            if source is not None:
                source.objects(scene, image)
        except FAILURES as error:
            failures.append(failure_of(scene, error))
        else:
            return
    also = '' if len(scenes) == 1 else f' None of the {len(scenes)} images can be processed.'
    raise ValueError(failures[0] + also)
