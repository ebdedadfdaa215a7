"""Texture of the ground, laid out in perspective with integer arithmetic."""

from functools import lru_cache

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.dice import SeededDice

_SIDE = 256  # texels in a tile
_TEXEL = 0.04  # metres
_PATCH_SIDE = 128
_PATCH_TEXEL = 0.5
_ASPHALT, _COBBLES, _SLABS, _GRASS = range(4)


def ground_texture(
    camera: Camera, label_ids: np.ndarray, paving: str, top: int, shift: int
) -> np.ndarray:
    """Brightness to add to each ground pixel.

    Args:
        camera: The view.
        label_ids: uint8 (H, W).
        paving: 'asphalt' or 'cobbles', the road's surface.
        top: First row to compute; it lies below the horizon.
        shift: Moves the pattern, any non-negative integer.

    Returns:
        int16 (H - top, W); 0 where the label is not a ground label.
    """
    depth = camera.focal * camera.elevation / (np.arange(top, camera.height) + 0.5 - camera.horizon)
    tiles = np.full(256, 4, np.int32)
    tiles[labels.ROAD] = _COBBLES if paving == 'cobbles' else _ASPHALT
    tiles[labels.SIDEWALK] = _SLABS
    tiles[labels.TERRAIN] = _GRASS
    tile = tiles[label_ids[top:]]
    fine = _gather(_tiles(), tile, camera, depth, _TEXEL, _SIDE, shift)
    fine = fine * _fade(depth, 9.0) >> 8
    coarse = _gather(_patches(), tile, camera, depth, _PATCH_TEXEL, _PATCH_SIDE, shift)
    return (fine + (coarse * _fade(depth, 60.0) >> 8)).astype(np.int16)


def _fade(depth: np.ndarray, half: float) -> np.ndarray:
    """int32 (rows, 1), 256 near the camera, 128 at `half` metres."""
    return (256.0 / (1.0 + (depth / half) * (depth / half))).astype(np.int32)[:, None]


def _gather(
    texture: np.ndarray,
    tile: np.ndarray,
    camera: Camera,
    depth: np.ndarray,
    texel: float,
    side: int,
    shift: int,
) -> np.ndarray:
    """Looks up each ground pixel's texel; texture int32 (tiles, side, side)."""
    step = depth / camera.focal / texel
    start = (0.5 - camera.centre) * step + (camera.offset - camera.bend * depth * depth) / texel
    start = np.floor((start + shift) * 65536.0).astype(np.int64).astype(np.int32)
    step = np.floor(step * 65536.0).astype(np.int32)
    columns = start[:, None] + step[:, None] * np.arange(camera.width, dtype=np.int32)
    columns = (columns >> 16) & (side - 1)
    rows = (np.floor(depth / texel).astype(np.int32) + shift) & (side - 1)
    return np.take(texture.reshape(-1), (tile * side + rows[:, None]) * side + columns)


@lru_cache(maxsize=1)
def _tiles() -> np.ndarray:
    """int32 (5, 256, 256): asphalt, cobbles, slabs, grass, nothing."""
    dice = SeededDice(1)
    grain = (dice.bytes(4, _SIDE, _SIDE).astype(np.int32) - 128) // 6
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]
    shifted = x + (y // 4 % 2) * 2
    stones = (shifted // 4) * 64 + y // 4
    cobbles = (_hash(stones) - 128) // 8 + grain[1] // 2
    cobbles[(shifted % 4 == 0) | (y % 4 == 0)] -= 34
    slabs = (_hash((x // 16) * 97 + y // 16) - 128) // 14 + grain[2] // 3
    slabs[(x % 16 == 0) | (y % 16 == 0)] -= 30
    return np.stack([grain[0], cobbles, slabs, grain[3] * 2, np.zeros_like(slabs)]).astype(np.int32)


@lru_cache(maxsize=1)
def _patches() -> np.ndarray:
    """int32 (5, 128, 128): large stains for each kind of ground."""
    dice = SeededDice(2)
    noise = sum(
        np.kron(
            dice.bytes(4, 128 // size, 128 // size).astype(np.int32) - 128,
            np.ones((1, size, size), np.int32),
        )
        for size in (1, 2, 4, 8)
    )
    noise = (noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)) // 3
    scale = np.array([26, 30, 30, 18])[:, None, None]
    return np.concatenate([noise // scale, np.zeros_like(noise[:1])]).astype(np.int32)


def _hash(numbers: np.ndarray) -> np.ndarray:
    """0..255 for each integer."""
    return (numbers * 40503 + (numbers * 40503 >> 7)) & 255
