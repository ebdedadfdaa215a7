"""The networks that come with the package: trained on real images, small, loaded by name.

A name of :data:`SHIPPED` stands for a checkpoint wherever one is taken: by ``seginpaint infer``
and ``test``, by :class:`SegInpaintInferencer`, as ``load_from``. Its config brings it where no
checkpoint is named. This module imports the standard library alone: ``seginpaint list --weights``
reads it.
"""

from dataclasses import dataclass
from pathlib import Path

from seginpaint_mm.utils.config_files import config_paths

_FOLDER = Path(__file__).with_name('files')


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A trained network in the package.

    Attributes:
        name: By which it is loaded: that of its config, without the method.
        method: Folder of its config.
        what: What it predicts, for people.
        licence: What it may be used for.
        measured: How good it is, on what: as its model card says.
        card: Its model card, a path in the repository.
    """

    name: str
    method: str
    what: str
    licence: str
    measured: str
    card: str

    @property
    def path(self) -> Path:
        """Where the file is: safetensors, float16."""
        return _FOLDER / f'{self.name}.safetensors'

    @property
    def config(self) -> Path:
        """Its config file."""
        return config_paths()[f'{self.method}/{self.name}']


_KNOWN: tuple[Shipped, ...] = (
    Shipped(
        name='lean_r18_cityscapes-128x256',
        method='mpi',
        what='mpi: cars and people of streets, and the road, sidewalk or else that is behind them',
        licence='research, as Cityscapes, on which it was trained',
        measured='IoU all 79.7, IoU foreground 60.4, mask IoU 68.3 on 100 validation '
        'images of Cityscapes at 256x128',
        card='docs/model_cards/lean_r18_cityscapes-128x256.md',
    ),
    Shipped(
        name='crop_r18_coco-tiny',
        method='segan',
        what='segan: what is hidden of objects of any kind, given the masks of all objects',
        licence='research: photos of COCO, under the terms of their owners at Flickr',
        measured='IoU full 95.0, IoU hidden 54.5, depth order 94.4 on 32 objects of 3 photos of '
        'COCOA (convex hulls: 93.7, 43.1, 82.7)',
        card='docs/model_cards/crop_r18_coco-tiny.md',
    ),
)
SHIPPED: dict[str, Shipped] = {network.name: network for network in _KNOWN}


def named_file(checkpoint: str) -> str:
    """Return the file of a shipped network for its name, and anything else as it is.

    A file of that name goes before the network.
    """
    if checkpoint in SHIPPED and not Path(checkpoint).is_file():
        return str(SHIPPED[checkpoint].path)
    return checkpoint


def shipped_with(config: Path) -> str | None:
    """Return the file of the network that is shipped with a config of ours; None without one."""
    network = SHIPPED.get(config.stem)
    if network is None or config.resolve() != network.config.resolve():
        return None
    return str(network.path)
