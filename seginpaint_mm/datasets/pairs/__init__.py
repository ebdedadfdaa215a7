"""Pairs of one image with and without an object, on the disk (maskopt, Sec. III-A)."""

from seginpaint_mm.datasets.pairs.maker import Pair, PairMaker, PairOptions
from seginpaint_mm.datasets.pairs.pairs_dataset import PairsDataset
from seginpaint_mm.datasets.pairs.writer import write_pairs

__all__ = ['Pair', 'PairMaker', 'PairOptions', 'PairsDataset', 'write_pairs']
