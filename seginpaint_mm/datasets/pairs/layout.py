"""Where pairs lie below their folder::

    pairs.json             options, seed, the classes, and a digest of the source: its pictures'
                           names and its objects; older folders have no digest
    truth/NAME.jpg         I_G, the picture without the object (or .png)
    objects/NAME.png       BGRA: what the picture with the object shows in the hole's box; opaque
                           where the hole M_G is
    classes/NAME.png       class of each pixel of I_G; 255 = void
    instances/NAME.png     number of the object of I_G that a pixel belongs to; 0 = none
    records/BLOCK.json     a list of the block's pairs: name, removed_class, top_left of the box,
                           hole_share, blending (not in older folders), and the pictures that
                           they were made of

The picture with the object, I, is ``objects`` laid over ``truth``: so the two can differ in the
hole only, and need half the space.
"""

from pathlib import Path

NOTE = 'pairs.json'
RECORDS = 'records'


def truth_file(name: str, suffix: str) -> Path:
    return Path('truth', f'{name}.{suffix}')


def object_file(name: str) -> Path:
    return Path('objects', f'{name}.png')


def class_file(name: str) -> Path:
    return Path('classes', f'{name}.png')


def instance_file(name: str) -> Path:
    return Path('instances', f'{name}.png')


def record_file(block: int) -> Path:
    return Path(RECORDS, f'{block:06d}.json')
