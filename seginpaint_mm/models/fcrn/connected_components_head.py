"""``ConnectedComponentsHead``: the baseline that takes each connected region for an instance."""

import numpy as np
from scipy import ndimage
from torch import Tensor

from seginpaint_mm.models.fcrn.enlarged_maps import EnlargedMaps
from seginpaint_mm.models.fcrn.hough_instance_head import HoughInstanceHead
from seginpaint_mm.models.fcrn.hypotheses import Hypotheses
from seginpaint_mm.registry import MODELS

_EIGHT_NEIGHBOURS = np.ones((3, 3))


@MODELS.register_module()
class ConnectedComponentsHead(HoughInstanceHead):
    """What instances cost without votes: the connected regions of the semantic segmentation.

    Objects of a class that touch become one, parts of one that are torn apart become several. Takes
    the place of a :class:`HoughInstanceHead` in a config, with the same arguments; the localisation
    maps are not looked at, and a pixel is only of its best class, whatever ``top_n``. The
    confidence is the region's mean score; ``confidence='extent'`` multiplies it by the share of the
    image that the region covers, for a region has no box beside its own to be compared with.
    """

    def _hypotheses_of(
        self, label: int, scores: Tensor, maps: Tensor | EnlargedMaps
    ) -> list[Hypotheses]:
        thing = self.thing_ids[label]
        regions, number = ndimage.label((scores.argmax(0) == thing).cpu(), _EIGHT_NEIGHBOURS)
        pixels = np.flatnonzero(regions)
        owners = regions.ravel()[pixels].astype(np.int64) - 1
        values = scores[thing].flatten().cpu().numpy()[pixels]
        confidences = np.bincount(owners, weights=values) / np.bincount(owners)
        if self.confidence == 'extent':
            confidences = confidences * np.bincount(owners) / scores[thing].numel()
        return [Hypotheses(np.full(number, label), confidences, pixels, owners)]
