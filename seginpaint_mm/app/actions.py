"""The actions of ``/api/...``: the fields of each form, and their results.

Routes, the reading of forms and the OpenAPI description are made from :data:`ACTIONS`.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from PIL import Image

from seginpaint_mm.app.service import Service, png
from seginpaint_mm.errors import UserError

Given: TypeAlias = dict[str, Any]  # name of a field -> text, image or list of images; None if not
Answer: TypeAlias = bytes | dict
LAYER_TYPES = dict(ora='image/openraster', psd='image/vnd.adobe.photoshop', png='application/zip')


@dataclass(frozen=True)
class Field:
    """A field of a form; those without a default must be there.

    Attributes:
        kind: ``'images'`` may come several times.
        about: For the description.
        default: Of a text or an image that may be left out.
    """

    kind: Literal['image', 'images', 'text']
    about: str
    default: str | None = None
    is_needed: bool = False


@dataclass(frozen=True)
class Action:
    """One address.

    Attributes:
        about: What it does, one sentence.
        fields: Of its form.
        types: Media types of its answer.
        work: Makes the answer; it runs in the worker.
        media_type: Of the answer to a certain form.
    """

    about: str
    fields: dict[str, Field]
    types: tuple[str, ...]
    work: Callable[[Service, Given], Answer]
    media_type: Callable[[Given], str]


IMAGE = Field('image', 'The photo: JPEG, PNG, WebP, BMP or TIFF.', is_needed=True)
MASKS = Field('images', 'One mask per object, white where it is seen.', is_needed=True)


def _remove(service: Service, given: Given) -> bytes:
    how: dict[str, Any] = dict(
        grow=given['grow'] or ('0' if given['mask'] else None),
        feather=_pixels(given, 'feather'),
        classes=[name.strip() for name in (given['classes'] or '').split(',') if name.strip()],
        clicks=_numbers(given, 'click', 2),
        boxes=_numbers(given, 'box', 4),
    )
    return png(service.remove(given['image'], given['mask'], **how))


def _objects(service: Service, given: Given) -> dict:
    found, numbers = service.objects(given['image'])
    return dict(objects=found, map=_text(numbers))


def _complete(service: Service, given: Given) -> dict:
    described = []
    for item in service.complete(given['image'], given['mask']):
        seen, whole = item.masks.area(0), item.masks.area(1)
        described.append(
            dict(
                box=[int(side) for side in item.box],
                score=round(float(item.score), 4),
                in_front=[place + 1 for place in item.in_front],
                hidden_percent=round(100 * (1 - seen / max(whole, 1)), 2),
                image=_text(Image.fromarray(np.asarray(item.cutout))),
                full_mask=_text(Image.fromarray(item.masks.crop(1))),
            )
        )
    return dict(objects=described)


def _layers(service: Service, given: Given) -> bytes:
    return service.layers(
        given['image'], given['mask'], _layer_kind(given), _pixels(given, 'feather')
    )


def _layout(service: Service, given: Given) -> dict:
    layout = service.layout(given['image'])
    return dict(
        classes=list(layout.names),
        palette=[list(colour) for colour in layout.palette],
        map=_text(layout.classes),
    )


def _layer_kind(given: Given) -> str:
    if given['format'] not in LAYER_TYPES:
        raise UserError(f'format is {", ".join(LAYER_TYPES)}, not {shortened(given["format"])!r}.')
    return given['format']


_MOST_DIGITS = 9  # of a number
_MOST_LETTERS = 60  # of a text in an error


def shortened(text: str) -> str:
    """Return a user's text as errors quote it."""
    return text if len(text) <= _MOST_LETTERS else f'{text[:_MOST_LETTERS]}...'


def _pixels(given: Given, name: str) -> int:
    text = given[name]
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise UserError(f'{name} is a number of pixels, not {shortened(text)!r}.')
    return int(text)


def _numbers(given: Given, name: str, count: int) -> list[tuple[int, ...]]:
    if not given[name]:
        return []
    try:
        numbers = tuple(int(number) for number in given[name].split(','))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        text = shortened(given[name])
        raise UserError(f'{name} is {count} whole numbers with commas, not {text!r}.')
    return [numbers]


def _text(image: Image.Image) -> str:
    return base64.b64encode(png(image)).decode()


JSON = ('application/json',)
ACTIONS: dict[str, Action] = dict(
    remove=Action(
        'Remove what a mask marks, or objects that are named.',
        dict(
            image=IMAGE,
            mask=Field('image', 'White where something is to be removed.'),
            classes=Field('text', 'Without a mask: classes with commas, all objects of each.'),
            click=Field('text', 'Without a mask: x,y in pixels, the object there.'),
            box=Field('text', 'Without a mask: x1,y1,x2,y2, the object that fits best.'),
            grow=Field(
                'text', 'Grow the mask by pixels (3), or by a share of the object (2%); default 0.'
            ),
            feather=Field('text', 'Pixels over which the painting passes into the photo.', '3'),
        ),
        ('image/png',),
        _remove,
        lambda given: 'image/png',
    ),
    objects=Action(
        'Find objects.', dict(image=IMAGE), JSON, _objects, lambda given: 'application/json'
    ),
    complete=Action(
        'Complete objects that others hide.',
        dict(image=IMAGE, mask=MASKS),
        JSON,
        _complete,
        lambda given: 'application/json',
    ),
    layers=Action(
        'Take the photo apart into a background and one layer per object.',
        dict(
            image=IMAGE,
            mask=MASKS,
            format=Field('text', 'ora, psd, or png for a zip archive.', 'ora'),
            feather=Field('text', 'Pixels over which edges of objects fade out.', '0'),
        ),
        tuple(LAYER_TYPES.values()),
        _layers,
        lambda given: LAYER_TYPES[_layer_kind(given)],
    ),
    layout=Action(
        'Predict the classes of the background, also behind objects.',
        dict(image=IMAGE),
        JSON,
        _layout,
        lambda given: 'application/json',
    ),
)
