"""Public weights by name: address, checksum, licence, inputs and outputs.

This module imports the standard library alone: ``seginpaint list --weights`` reads it.
"""

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlparse

from seginpaint_mm.errors import UserError

CACHE = 'SEGINPAINT_CACHE'


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file of weights that others have published.

    Attributes:
        name: By which ``seginpaint fetch`` and configs know it.
        what: The network, for people.
        url: Where it is.
        megabytes: Roughly, of 10**6 bytes.
        licence: Of the weights.
        source: Who published the licence and the network.
        inputs: What goes in and out, for people.
        md5: Of the whole file, as published; None where it is not.
        sha256: Of the whole file, or what its first digits are; '' where it is not known.
        model: Config of the model that runs it; None where it is no inpainter.
    """

    name: str
    what: str
    url: str
    megabytes: int
    licence: str
    source: str
    inputs: str
    md5: str | None = None
    sha256: str = ''
    model: dict | None = None

    @property
    def path(self) -> Path:
        """Where the file is kept, or to be put by hand."""
        return cache_folder() / Path(urlparse(self.url).path).name


# MD5 is what is published of lama and migan; `seginpaint fetch` prints the SHA-256 to be pinned.
_KNOWN = (
    Weights(
        name='lama',
        what='LaMa (big-lama), inpainting',
        url='https://github.com/Sanster/models/releases/download/add_big_lama/big-lama.pt',
        megabytes=196,
        licence='Apache-2.0',
        source='https://github.com/advimman/lama',
        inputs='image RGB N,3,H,W in [0, 1] and mask N,1,H,W, 1 = hole, sides divisible by 8; RGB '
        'in [0, 1]',
        md5='e3aa4aaa15225a33ec84f9f4bc47e500',
        model=dict(type='TorchScriptInpainter', weights='lama', size_divisor=8),
    ),
    Weights(
        name='migan',
        what='MI-GAN, inpainting, small and fast',
        url='https://github.com/Sanster/models/releases/download/migan/migan_traced.pt',
        megabytes=28,
        licence='MIT',
        source='https://github.com/Picsart-AI-Research/MI-GAN',
        inputs='N,4,512,512: 0.5 - mask (1 = hole), then RGB in [-1, 1] times 1 - mask; RGB in '
        '[-1, 1]',
        md5='76eb3b1a71c400ee3290524f7a11b89c',
        model=dict(
            type='TorchScriptInpainter',
            weights='migan',
            layout='mask+image',
            image_range=(-1, 1),
            mask_values=(0.5, -0.5),
            blank=True,
            output_range=(-1, 1),
            fixed_size=512,
        ),
    ),
    Weights(
        name='maskrcnn',
        what='Mask R-CNN v2 of torchvision, 80 classes of COCO',
        url='https://download.pytorch.org/models/maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth',
        megabytes=186,
        licence='BSD-3-Clause',
        source='https://github.com/pytorch/vision',
        inputs='a list of RGB 3,H,W in [0, 1]; boxes, labels, scores and masks N,1,H,W in [0, 1]',
        sha256='73cbd019',
    ),
)
WEIGHTS: dict[str, Weights] = {weights.name: weights for weights in _KNOWN}


def cache_folder() -> Path:
    """Return where weights are kept: below ``SEGINPAINT_CACHE``, or else in the user's cache."""
    caches = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    root = os.environ.get(CACHE) or Path(caches) / 'seginpaint_mm'
    return Path(root).expanduser() / 'weights'


def find_weights(name: str) -> Weights:
    """Return the weights of a name.

    Raises:
        UserError: there are none; names the nearest.
    """
    if name in WEIGHTS:
        return WEIGHTS[name]
    near = get_close_matches(name, WEIGHTS, n=1)
    advice = f'did you mean {near[0]!r}?' if near else f'choose from {", ".join(WEIGHTS)}.'
    raise UserError(f'There are no weights {name!r}: {advice}')
