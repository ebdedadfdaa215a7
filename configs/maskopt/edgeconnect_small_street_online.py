# Plain EdgeConnect, edges and image, with masks of objects that are pasted while training: needs
# data/street, and pairs for validation only (pairs_street.py).
_base_ = [
    '../_base_/models/edgeconnect_small.py',
    '../_base_/datasets/pairs_street_online.py',
    '../_base_/schedules/edgeconnect_short.py',
    '../_base_/default_runtime.py',
]
