# Plain EdgeConnect, edges and image, with random masks.
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/pairs_street_random.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
