"""``SceneDataPreprocessor``: from the loader's samples to a normalised batch on the device."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import ImgDataPreprocessor
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

# What pixels outside the image are: of no class, no foreground, nothing to fill, far from holes.
_FAR = 'the greatest value of the map'
_MEAN = 'the mean colour, as the image'
_PADDING = {
    'gt_sem_seg': 255,
    'given_sem_seg': 255,
    'gt_crowd': 255,
    'gt_background': 255,
    'gt_foreground': 0,
    'gt_instance_map': 0,
    'gt_image': _MEAN,
    'hole': 0,
    'signed_distance': _FAR,
}
_MASKS = ('masks', 'input_masks', 'full_masks')  # of gt_instances


@MODELS.register_module()
class SceneDataPreprocessor(ImgDataPreprocessor):
    """Normalise BGR uint8 images as RGB (or BGR) float32 and batch them.

    Images of different sizes are padded at the bottom and right, after normalisation and with 0,
    to the largest size, rounded up to a multiple of ``pad_size_divisor``. In training the
    samples' maps and the masks of their ``gt_instances`` are padded alike (classes 255, signed
    distances with their greatest, ``gt_image`` with the mean colour, all others 0). Otherwise they
    keep the image's size, ``img_shape``, to which models cut their predictions; mmseg's segmentors
    read ``pad_shape`` (height, width of the batch) and ``img_padding_size`` (left, right, top,
    bottom), which are set then. Those segmentors see the padding: let them predict images of one
    size, or one at a time.

    Args:
        mean: Of R, G, B on the scale 0 to 255; of B, G, R where ``bgr_to_rgb`` is False.
        std: The same.
        pad_size_divisor: Height and width of the batch are multiples of it.
        bgr_to_rgb: False leaves the channels in the order B, G, R, which Caffe's ImageNet weights
            take, with a ``std`` of 1.
        non_blocking: Copy to the device without waiting for it.
    """

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
        pad_size_divisor: int = 1,
        bgr_to_rgb: bool = True,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(
            mean=mean,
            std=std,
            pad_size_divisor=pad_size_divisor,
            bgr_to_rgb=bgr_to_rgb,
            non_blocking=non_blocking,
        )
        self.bgr_to_rgb = bgr_to_rgb

    def forward(self, data: dict, training: bool = False) -> dict:
        """Batch the samples on this module's device.

        Args:
            data: ``inputs``, N images uint8 (3, H, W) in BGR as a list or one tensor
                (N, 3, H, W), and ``data_samples``, N :class:`SceneSample` or None.
            training: Pad the samples' maps as well.

        Returns:
            dict: ``inputs`` float32 (N, 3, H', W') and ``data_samples`` as a list or None.

        Raises:
            TypeError: when an image is not uint8.
            ValueError: when an image is not (3, H, W).
        """
        inputs = list(data['inputs'])
        for image in inputs:
            _check_image(image)
        samples = data.get('data_samples')
        batch = super().forward(dict(inputs=inputs, data_samples=samples), training)
        size = tuple(batch['inputs'].shape[-2:])
        for image, sample in zip(inputs, batch['data_samples'] or (), strict=False):
            if training:
                self._pad_maps(sample, size)
            else:
                _note_padding(sample, tuple(image.shape[-2:]), size)
        return batch

    def restored_channels(self, image: Tensor) -> Iterator[Tensor]:
        """Yield R, G and B as normalising an image and undoing that give them, one at a time.

        All channels of a photo of 24 megapixels would take 290 MB, and as much again.

        Args:
            image: uint8 (3, H, W), BGR.

        Yields:
            float32 (H', W') in [0, 255]; padding has the mean colour.
        """
        _check_image(image)
        height, width = (side + -side % self.pad_size_divisor for side in image.shape[1:])
        for channel, mean, std in zip((2, 1, 0), self.mean, self.std, strict=True):
            plane = image[channel].to(mean.device).float().sub_(mean).div_(std)
            if (height, width) != tuple(plane.shape):
                plane = pad_bottom_right(plane, (height, width), 0)
            plane.mul_(std).add_(mean)
            yield plane
            del plane

    def _pad_maps(self, sample: SceneSample, size: tuple[int, int]) -> None:
        for field, value in _PADDING.items():
            if field in sample:
                data = sample.get(field).data
                sample.set_field(PixelData(data=self._pad(data, size, value)), field)
        if 'gt_instances' in sample:
            instances = sample.gt_instances
            for field in _MASKS:
                if field in instances:
                    instances.set_field(pad_bottom_right(instances.get(field), size, 0), field)

    def _pad(self, data: Tensor, size: tuple[int, int], value: int | str) -> Tensor:
        if value is _FAR:
            return pad_bottom_right(data, size, data.max())
        if value is _MEAN:
            mean = self.mean if self.bgr_to_rgb else self.mean.flip(0)  # gt_image is RGB
            padded = mean.round().to(data.dtype).expand(-1, *size).clone()
            padded[:, : data.shape[-2], : data.shape[-1]] = data
            return padded
        return pad_bottom_right(data, size, value)


def pad_bottom_right(maps: Tensor, size: Sequence[int], value: float) -> Tensor:
    """Pad (..., h, w) to (..., *size) with ``value``; ``size`` is (height, width)."""
    height, width = size
    return F.pad(maps, (0, width - maps.shape[-1], 0, height - maps.shape[-2]), value=value)


def groups_by_size(
    inputs: Tensor, data_samples: Sequence[SceneSample], preprocessor: nn.Module | None = None
) -> Iterator[tuple[Tensor, list[SceneSample]]]:
    """Split a batch into groups of images of one size, each padded as if it were the whole batch.

    A network sees padding (by pooling over the whole map, by convolutions, by normalisation), so
    that its predictions of an image would depend on the largest image beside it. Group by group
    they do not.

    Args:
        inputs: N,3,H,W, images padded at the bottom and right.
        data_samples: The N samples; ``img_shape`` is the size without padding, H,W if missing.
        preprocessor: Height and width of a group are multiples of its ``pad_size_divisor``, if it
            has one; None leaves no padding.

    Yields:
        n,3,h,w as in ``inputs``, and the n samples, sizes in the order of their first sample.
    """
    divisor = getattr(preprocessor, 'pad_size_divisor', 1)
    full = tuple(inputs.shape[-2:])
    places = defaultdict(list)
    for place, sample in enumerate(data_samples):
        places[tuple(sample.get('img_shape', full)[:2])].append(place)
    for size, group in places.items():
        height, width = (side + -side % divisor for side in size)
        images = inputs if len(places) == 1 else inputs[group]
        yield images[..., :height, :width], [data_samples[place] for place in group]


def padding_mask(inputs: Tensor, data_samples: Sequence[SceneSample] | None) -> Tensor | None:
    """Find what of a batch is padding.

    Args:
        inputs: N,C,H,W, images, or maps of their size, padded at the bottom and right.
        data_samples: The N samples; ``img_shape`` is the size without padding, H,W if missing.

    Returns:
        Tensor: bool N,1,H,W on the inputs' device, 1 = padding; None where there is none.
    """
    full = tuple(inputs.shape[-2:])
    sizes = [tuple(sample.get('img_shape', full)[:2]) for sample in data_samples or ()]
    if all(size == full for size in sizes):
        return None
    mask = torch.ones(len(sizes), 1, *full, dtype=torch.bool)
    for of_sample, (height, width) in zip(mask, sizes, strict=True):
        of_sample[:, :height, :width] = False
    return mask.to(inputs.device, non_blocking=True)


def _check_image(image: Tensor) -> None:
    if image.dtype != torch.uint8:
        raise TypeError(
            f'SceneDataPreprocessor normalises images itself: it takes uint8 in 0..255, '
            f'got {image.dtype}.'
        )
    if image.dim() != 3 or image.shape[0] != 3:
        raise ValueError(
            f'SceneDataPreprocessor takes images (3, height, width) in BGR, got '
            f'{tuple(image.shape)}: repeat a grey channel three times.'
        )


def _note_padding(sample: SceneSample, size: tuple[int, int], padded: tuple[int, int]) -> None:
    below, right = padded[0] - size[0], padded[1] - size[1]
    sample.set_metainfo(dict(pad_shape=padded, img_padding_size=(0, right, 0, below)))


def check_normalisation(model: nn.Module) -> None:
    """See that a model can undo the normalisation of its images.

    Raises:
        ValueError: when its ``data_preprocessor`` does not say how it normalises, or leaves images
            in BGR.
    """
    if not hasattr(model.data_preprocessor, 'mean'):
        raise ValueError(
            f'{type(model).__name__} undoes the normalisation of images: give it a '
            f"data_preprocessor=dict(type='SceneDataPreprocessor')."
        )
    if not getattr(model.data_preprocessor, 'bgr_to_rgb', True):
        raise ValueError(
            f'{type(model).__name__} undoes the normalisation of RGB images: leave '
            f'data_preprocessor.bgr_to_rgb at True.'
        )
