"""Networks by name: those in the package, and public weights that are downloaded and checked."""

from seginpaint_mm.zoo.download import check_file, fetch
from seginpaint_mm.zoo.shipped import SHIPPED, Shipped, named_file, shipped_with
from seginpaint_mm.zoo.weights import CACHE, WEIGHTS, Weights, cache_folder, find_weights

__all__ = [
    'CACHE',
    'SHIPPED',
    'WEIGHTS',
    'Shipped',
    'Weights',
    'cache_folder',
    'check_file',
    'fetch',
    'find_weights',
    'named_file',
    'shipped_with',
]
