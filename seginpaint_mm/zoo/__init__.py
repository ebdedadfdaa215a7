"""Networks by name: public weights that are downloaded once and checked before they are loaded."""

from seginpaint_mm.zoo.download import check_file, fetch
from seginpaint_mm.zoo.weights import CACHE, WEIGHTS, Weights, cache_folder, find_weights

__all__ = ['CACHE', 'WEIGHTS', 'Weights', 'cache_folder', 'check_file', 'fetch', 'find_weights']
