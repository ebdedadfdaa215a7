"""Cityscapes label ids that Street draws, and the three background classes made from them."""

import numpy as np

STATIC = 4
ROAD = 7
SIDEWALK = 8
BUILDING = 11
WALL = 12
FENCE = 13
POLE = 17
TRAFFIC_LIGHT = 19
TRAFFIC_SIGN = 20
VEGETATION = 21
TERRAIN = 22
SKY = 23
PERSON = 24
RIDER = 25
CAR = 26
TRUCK = 27
BUS = 28
BICYCLE = 33

VOID = 255
OTHER_WORLD = (BUILDING, WALL, FENCE, POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEGETATION, TERRAIN, SKY)


def _background_table() -> np.ndarray:
    table = np.full(256, VOID, np.uint8)
    table[ROAD] = 0
    table[SIDEWALK] = 1
    table[list(OTHER_WORLD)] = 2
    return table


BACKGROUND_TABLE = _background_table()


def background_classes(label_ids: np.ndarray) -> np.ndarray:
    """Label ids (H, W) uint8 -> 0 road, 1 sidewalk, 2 other world, 255 void (everything else)."""
    return BACKGROUND_TABLE[label_ids]
