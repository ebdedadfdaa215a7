"""``TorchScriptInpainter``: published inpainters in TorchScript."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.baselines.plain_inpainters import UntrainedInpainter
from seginpaint_mm.models.holes import fill_holes, pad_to_multiple
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import HOLE, IMAGE, NETWORK, Graph, is_recorded
from seginpaint_mm.zoo import WEIGHTS, fetch, find_weights

LAYOUTS = ('image, mask', 'mask+image')


@MODELS.register_module()
class TorchScriptInpainter(UntrainedInpainter):
    """Runs a TorchScript inpainter on images of any size; nothing of it is trained.

    The file is loaded with the first image, not when the config is built, and only after its
    checksum was compared: TorchScript is native code that is fed with a foreign file.

    The defaults are LaMa's convention: two tensors, RGB in [0, 1] and the mask, 1 = hole. MI-GAN
    takes one tensor N,4,512,512: ``layout='mask+image'``, ``mask_values=(0.5, -0.5)``,
    ``image_range=(-1, 1)``, ``blank=True``, ``output_range=(-1, 1)``, ``fixed_size=512``.

    Args:
        weights: A name of :data:`seginpaint_mm.zoo.WEIGHTS`, which is downloaded where it is not in
            the cache, or the path of a TorchScript file of yours, which is trusted.
        layout: ``'image, mask'``, two tensors N,3,H,W and N,1,H,W; or ``'mask+image'``, one N,4,H,W
            with the mask first.
        image_range: Of the colours that go in: what black and white are.
        mask_values: What a known pixel and one of the hole are in the mask.
        blank: The colours are multiplied with 1 - mask, so that the hole is 0.
        output_range: Of the colours that come out, N,3,H,W.
        size_divisor: Heights and widths that go in are multiples; images are padded with their
            border.
        fixed_size: Height and width that go in; larger images are reduced, and what is painted is
            enlarged again. None for any.
        data_preprocessor: See :class:`UntrainedInpainter`.

    Raises:
        ValueError: when there is no such layout, or a range or size is none.
    """

    def __init__(
        self,
        *,
        weights: str,
        layout: str = 'image, mask',
        image_range: Sequence[float] = (0.0, 1.0),
        mask_values: Sequence[float] = (0.0, 1.0),
        blank: bool = False,
        output_range: Sequence[float] = (0.0, 1.0),
        size_divisor: int = 1,
        fixed_size: int | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        if layout not in LAYOUTS:
            raise ValueError(
                f'TorchScriptInpainter.layout must be one of {LAYOUTS}, not {layout!r}.'
            )
        pairs = dict(image_range=image_range, mask_values=mask_values, output_range=output_range)
        for name, pair in pairs.items():
            if len(pair) != 2 or pair[0] == pair[1]:
                raise ValueError(
                    f'TorchScriptInpainter.{name} must be two different numbers, not {pair!r}.'
                )
        for name, size in (('size_divisor', size_divisor), ('fixed_size', fixed_size)):
            if size is not None and size < 1:
                raise ValueError(f'TorchScriptInpainter.{name} must be at least 1, not {size!r}.')
        self.weights = weights
        self.layout = layout
        self.image_range = image_range
        self.mask_values = mask_values
        self.blank = blank
        self.output_range = output_range
        self.size_divisor = size_divisor
        self.fixed_size = fixed_size
        self._loaded: list[torch.jit.ScriptModule] = []  # no sub-module: no checkpoint of ours

    @property
    def seen_size(self) -> int | None:
        return self.fixed_size

    @property
    def network(self) -> torch.jit.ScriptModule:
        """The program, on the device of this model.

        Raises:
            CheckpointError: when its file cannot be had, or is another.
        """
        device = self.data_preprocessor.device
        if not self._loaded:
            self._loaded.append(_load(self.weights, device))
        return self._loaded[0].to(device)

    def graphs(self) -> dict[str, Graph]:
        """The program as it is: the ``completed`` image in [0, 1], of the size that it takes."""
        mean, std = self.data_preprocessor.mean, self.data_preprocessor.std
        program = self.network

        def network(image: Tensor, hole: Tensor) -> dict[str, Tensor]:
            picture = ((image * std + mean) / 255).clamp(0, 1)  # rounding leads beyond
            painted = self._run(program, picture, hole).clamp(0, 1)
            return dict(completed=fill_holes(picture, painted, hole))

        size = self.fixed_size and (self.fixed_size, self.fixed_size)
        inputs = dict(image=IMAGE, hole=HOLE)
        divisor = self.fixed_size or self.size_divisor
        return {NETWORK: Graph(network, inputs, divisor, size=size or None, programs=(program,))}

    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        network, device = self.network, self.data_preprocessor.device
        image = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255
        mask = torch.from_numpy(hole).to(device)[None, None] > 0
        reduced, mask = self._reduce(image, mask)
        size = reduced.shape[-2:]
        divisor, least = (self.fixed_size or self.size_divisor), self.fixed_size or 0
        painted = self._run(network, *pad_to_multiple(reduced, mask, divisor, least))
        painted = painted[..., : size[0], : size[1]]
        if size != image.shape[-2:]:
            painted = F.interpolate(painted, image.shape[-2:], mode='bicubic', align_corners=False)
        colours = (painted[0] * 255).round().clamp(0, 255).to(torch.uint8)
        return colours.permute(1, 2, 0).cpu().numpy()

    def _reduce(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Reduce what is larger than the fixed size; a pixel of the hole stays one."""
        longer = max(image.shape[-2:])
        if self.fixed_size is None or longer <= self.fixed_size:
            return image, mask
        factor = self.fixed_size / longer
        size = tuple(max(1, round(side * factor)) for side in image.shape[-2:])
        shares = F.interpolate(mask.to(image.dtype), size, mode='area')
        return F.interpolate(image, size, mode='area'), shares > 0

    def _run(self, network: torch.jit.ScriptModule, image: Tensor, mask: Tensor) -> Tensor:
        """RGB in [0, 1], N,3,H,W, of the same and a mask bool N,1,H,W."""
        (black, white), (known, filled) = self.image_range, self.mask_values
        colours = image * (white - black) + black
        if self.blank:
            colours = colours.masked_fill(mask, 0)
        coded = torch.where(mask, filled, known).to(image.dtype)
        together = self.layout == 'mask+image'
        painted = network(*([torch.cat([coded, colours], dim=1)] if together else [colours, coded]))
        if not isinstance(painted, Tensor) or painted.shape != image.shape:
            found = tuple(painted.shape) if isinstance(painted, Tensor) else type(painted).__name__
            raise ValueError(
                f'{self.weights} gives {found} for an image {tuple(image.shape)}: check '
                f'TorchScriptInpainter.layout, size_divisor and fixed_size.'
            )
        if not is_recorded() and not painted.isfinite().all():
            raise ValueError(f'{self.weights} paints NaN or infinity: check what it is given.')
        low, high = self.output_range
        return (painted.float() - low) / (high - low)


def _load(name: str, device: torch.device) -> torch.jit.ScriptModule:
    is_own = name not in WEIGHTS and Path(name).is_file()
    path = Path(name) if is_own else fetch(find_weights(name))
    try:
        return torch.jit.load(path, map_location=device).eval()
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            f'{path} cannot be loaded as a TorchScript program '
            f'({(str(error).splitlines() or ["damaged"])[0]}): give a file of torch.jit.save.'
        ) from error
