"""``SceneSample``: the one record that every method reads and writes."""

from mmengine.structures import BaseDataElement, InstanceData, PixelData

_PIXEL_FIELDS = (
    'gt_sem_seg',
    'given_sem_seg',
    'gt_foreground',
    'gt_background',
    'gt_crowd',
    'gt_image',
    'hole',
    'gt_panoptic_seg',
    'gt_instance_map',
    'signed_distance',
    'pred_sem_seg',
    'pred_confidence',
    'pred_foreground',
    'pred_foreground_prob',
    'pred_background',
    'pred_image',
    'pred_mask',
    'pred_mask_before',
    'pred_panoptic_seg',
)
_INSTANCE_FIELDS = ('gt_instances', 'pred_instances')


class SceneSample(BaseDataElement):
    """An image's ground truth and predictions; a field that a method does not need is absent.

    The polarity is the same everywhere: **1 marks what is to be removed or filled**.

    ======================== ============== =====================================================
    field                    data           meaning
    ======================== ============== =====================================================
    ``gt_sem_seg``           int64 1,H,W    visible class; 255 = ignore
    ``given_sem_seg``        int64 1,H,W    classes that guide a model; 255 = not known
    ``gt_foreground``        uint8 1,H,W    1 = foreground object
    ``gt_background``        int64 1,H,W    class of the background, also behind objects where
                                            known; 255 = unknown
    ``gt_crowd``             int64 1,H,W    class of COCO's crowd at each pixel; 255 = no crowd
    ``gt_image``             uint8 3,H,W    RGB, the image without hole or without the object
    ``hole``                 uint8 1,H,W    1 = to be filled
    ``signed_distance``      float32 1,H,W  to the hole's outline, negative inside; see
                                            :class:`SignedDistance`
    ``gt_instances``         InstanceData   ``masks`` (visible), ``full_masks``, ``labels``,
                                            ``bboxes``, ``depth`` (0 = front), and what else
                                            :class:`PackScene` tells of
    ``gt_instance_map``      int32 1,H,W    1 to n = the n ``gt_instances``, where these do not
                                            overlap; 0 = none
    ``gt_panoptic_seg``      int32 1,H,W    mmdet's panoptic encoding
    ``pred_confidence``      float32 1,H,W  probability of ``pred_sem_seg``, in [0, 1]
    ``pred_mask``            uint8 1,H,W    1 = what a model chose to remove
    ``pred_*``               as ``gt_*``    what a model adds; ``*_prob`` is float32 in [0, 1]
    ======================== ============== =====================================================

    Pixel fields are :class:`mmengine.structures.PixelData` whose tensor is ``.data`` (mmseg's
    convention); metrics of mmseg, mmdet and mmagic index the record by field name.

    Raises:
        TypeError: when a field is set to another type than the table says.
    """

    def __setattr__(self, name: str, value: object) -> None:
        expected = _field_type(name)
        if expected is not None and not isinstance(value, expected):
            raise TypeError(
                f'SceneSample.{name} must be a {expected.__name__}, got {type(value).__name__}: '
                f'wrap the tensor, e.g. PixelData(data=tensor).'
            )
        if expected is None:
            super().__setattr__(name, value)
        else:
            self.set_field(value, name, dtype=expected)


def predicted_maps(sample: SceneSample) -> list[str]:
    """The fields with maps of ids that a model predicted.

    ``pred_sem_seg`` is not among them beside ``pred_background``: then it is the same map, for
    mmseg's metrics.
    """
    fields = [name for name in ('pred_foreground', 'pred_background') if name in sample]
    if 'pred_sem_seg' in sample and 'pred_background' not in sample:
        fields.append('pred_sem_seg')
    return fields


def _field_type(name: str) -> type | None:
    if name in _PIXEL_FIELDS:
        return PixelData
    if name in _INSTANCE_FIELDS:
        return InstanceData
    return None
