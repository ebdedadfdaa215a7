"""A note in a folder tells what was made in it, so that nothing else is mixed in."""

import json
from pathlib import Path

from seginpaint_mm.errors import UserError
from seginpaint_mm.files import write_json


def claim_folder(note: Path, wanted: dict, *, what: str) -> None:
    """Make the note's folder and write the note, or see that it says the same.

    Args:
        note: The note's path; the folder is its parent.
        wanted: What is to be made, as JSON can hold it.
        what: What it is, for errors, e.g. ``'a Street data set'``.

    Raises:
        UserError: The folder holds something else, or its note is damaged.
        OSError: The folder or the note cannot be written.
    """
    root = note.parent
    root.mkdir(parents=True, exist_ok=True)
    wanted = json.loads(json.dumps(wanted))
    if note.exists():
        found = read_note(note)
        if found != wanted:
            raise UserError(
                f'{root} holds {what} made with {found}, not {wanted}: give the same options or '
                f'another folder.'
            )
    elif any(root.iterdir()):
        raise UserError(f'{root} holds other files: give an empty or a new folder.')
    else:
        write_json(note, wanted)


def read_note(note: Path) -> dict:
    """What the note says.

    Raises:
        UserError: It is damaged.
    """
    try:
        found = json.loads(note.read_text())
    except ValueError as error:
        raise UserError(f'{note} is damaged: give another folder.') from error
    if not isinstance(found, dict):
        raise UserError(f'{note} is damaged: give another folder.')
    return found
