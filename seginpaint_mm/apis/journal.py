"""Share images among processes, with journals of what is done and the summary made of them.

Each process appends a line per image to a journal of its own, ``progress/K-of-N.jsonl`` in the
output folder, when all files of the image lie there. At its end it moves its lines into
``predictions.json``; the process that ends last leaves the whole summary. Nobody waits for another,
so that the tasks of a cluster may run one after the other.
"""

import contextlib
import fcntl
import itertools
import json
import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.errors import UserError
from seginpaint_mm.utils.files import json_text, write_bytes

SUMMARY = 'predictions.json'
_JOURNALS, _LOCK = 'progress', 'lock'
_MADE_WITH = 'made_with'


@dataclass(frozen=True)
class Share:
    """Which images a process takes: every ``count``-th, from the ``number``-th on.

    Attributes:
        number: From 1 to ``count``.
        count: How many processes share the images.
        resume: Leave out images whose results lie in the output folder. Several processes always
            do: a process cannot tell what an earlier run left from what the others have done.
        options: What the results depend on, noted in ``predictions.json``: a run is not resumed
            with others. Empty where that is not known, and not compared.

    Raises:
        UserError: when the number is not from 1 to the count.
    """

    number: int = 1
    count: int = 1
    resume: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UserError(
                f'A share K/N is from 1/N to N/N, not {self.number}/{self.count}: count from 1.'
            )

    @classmethod
    def read(
        cls, text: str | None, resume: bool = False, options: Mapping | None = None
    ) -> 'Share':
        """Read ``'K/N'``; the processes that torchrun starts share that share once more.

        Args:
            text: None for all images.
            resume: See above.
            options: See above.

        Raises:
            UserError: when it is no such text, or out of range.
        """
        found = re.fullmatch(r'(\d+)/(\d+)', text or '1/1')
        if found is None:
            raise UserError(f'A share is K/N, such as 3/8, not {text!r}.')
        number, count = map(int, found.groups())
        rank, processes = (
            int(os.environ.get(key, n)) for key, n in (('RANK', 0), ('WORLD_SIZE', 1))
        )
        cls(number, count)
        return cls((number - 1) * processes + rank + 1, count * processes, resume, options or {})

    def __str__(self) -> str:
        return f'{self.number}/{self.count}'

    @property
    def resumes(self) -> bool:
        """Whether images that are done are left out."""
        return self.resume or self.count > 1

    def of(self, scenes: Sequence[SceneInput]) -> list[SceneInput]:
        """Return the images of this share."""
        return list(scenes[self.number - 1 :: self.count])


@dataclass(frozen=True)
class Totals:
    """What the summary says when a process has moved its results there.

    Attributes:
        done: Images with results, of all processes and earlier runs.
        failed: Images without.
        is_whole: Whether no image of the call is missing, and no other process is at work.
    """

    done: int
    failed: int
    is_whole: bool


class Journal:
    """Records what is done in an output folder; see the module.

    Args:
        folder: The output folder.
        share: Of this process.
    """

    def __init__(self, folder: Path, share: Share) -> None:
        self.folder = folder
        self.share = share
        self._path = folder / _JOURNALS / f'{share.number}-of-{share.count}.jsonl'
        self._file: TextIO | None = None
        self._scenes: Sequence[SceneInput] = ()

    def begin(self, scenes: Sequence[SceneInput]) -> list[SceneInput]:
        """Take the share of the images, without those that are done.

        Args:
            scenes: All images, also those of other processes, under unique names.

        Raises:
            UserError: when another process writes into the folder what this one would, the results
                there were made with other options, or are of other images of the same name.
        """
        self._scenes = scenes
        mine = self.share.of(scenes)
        if self.share.resumes:
            self._check_options()
            mine = self._without_done(mine)
        else:
            self._remove_old()
        if mine:
            self._open()
        return mine

    def add(self, scene: SceneInput, record: dict) -> None:
        """Append what is known of an image: an entry of the summary, or a failure (``reason``)."""
        if self._file is None:
            self._open()
        assert self._file is not None
        self._file.write(json_text({'name': scene.name, **record}) + '\n')
        self._file.flush()

    def close(self, head: dict, has_ended: bool) -> Totals | None:
        """Move the records into the summary.

        Args:
            head: What the summary says of all images.
            has_ended: Whether the process has been through its images. If not, what others share
                with it stays in its journal, for the next run.

        Returns:
            The totals; None where the records stay.
        """
        if self.share.count > 1 and not has_ended:
            self._release()
            return None
        with self._alone():
            totals = self._move(head)
        with contextlib.suppress(OSError):
            (self.folder / _JOURNALS).rmdir()
        return totals

    def _without_done(self, scenes: Sequence[SceneInput]) -> list[SceneInput]:
        known = self._known({scene.name for scene in scenes})
        pending = []
        for scene in scenes:
            origin, is_done = known.get(scene.name, (scene.origin, False))
            if not _is_same(origin, scene.origin):
                raise UserError(
                    f'{self.folder} holds results of {origin} under the name {scene.name}, which '
                    f'{scene.origin} would get: choose another output folder, or give both in one '
                    f'call.'
                )
            if not is_done:
                pending.append(scene)
        return pending

    def _known(self, names: Container[str]) -> dict[str, tuple[str, bool]]:
        """Name -> origin, and whether its results lie there, of the images of such names."""
        journals = (record for path in self._journals() for _, record in _lines(path))
        return {
            record['name']: (record['input'], self._lies_there(record))
            for record in itertools.chain(self._old(), journals)
            if record['name'] in names
        }

    def _move(self, head: dict) -> Totals:
        paths = self._journals() if self.share.resumes else [self._path]
        if self.share.resumes:
            head = {**head, _MADE_WITH: self._old_summary().get(_MADE_WITH)}
        head = {**head, _MADE_WITH: self.share.options or head.get(_MADE_WITH)}
        # Held while they are read: what a process would still append would be lost with its file.
        free = {path: file for path in paths if (file := self._hold(path)) is not None}
        records = self._records(paths)
        names = [scene.name for scene in self._scenes]
        listed = {*names}
        order = [name for name in records if name not in listed]
        order += [name for name in names if name in records]
        kinds: tuple[list, list] = ([], [])
        for name in order:
            is_failure, read = records[name]
            kinds[is_failure].append(read)
        head = {key: value for key, value in head.items() if key != _MADE_WITH or value}
        write_bytes(self.folder / SUMMARY, _summary(head, *kinds))
        for path, file in free.items():
            path.unlink(missing_ok=True)
            file.close()
        self._file = None
        is_whole = not self._journals() and listed <= records.keys()
        return Totals(len(kinds[0]), len(kinds[1]), is_whole)

    def _records(self, paths: Sequence[Path]) -> dict[str, tuple[bool, Callable[[], dict]]]:
        """Name -> whether it failed, and what reads its record: journals stay on the disk."""
        found: dict[str, tuple[bool, Callable[[], dict]]] = {}
        for record in self._old() if self.share.resumes else ():
            found[record['name']] = 'reason' in record, partial(dict, record)
        for path in paths:
            for place, record in _lines(path):
                found[record['name']] = 'reason' in record, partial(_line_at, path, place)
        return found

    def _old(self) -> list[dict]:
        """The records of the summary that is there."""
        summary = self._old_summary()
        return [
            {'name': record.get('name', record['input']), **record}
            for kind in ('predictions', 'failures')
            for record in summary.get(kind, ())
        ]

    def _old_summary(self) -> dict:
        path = self.folder / SUMMARY
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UserError(f'{path} is damaged: remove it, or choose another output folder.')
        return found

    def _check_options(self) -> None:
        """UserError where the results that are there were made with other options."""
        summary = self._old_summary()
        said = [summary[_MADE_WITH]] if _MADE_WITH in summary else []
        said += [record[_MADE_WITH] for path in self._journals() for record in _heads(path)]
        wanted = json.loads(json_text(dict(self.share.options)))
        for options in said:
            if wanted and options and options != wanted:
                raise UserError(
                    f'{self.folder} holds results made with {options}, not {wanted}: '
                    f'give the same options, or another output folder.'
                )

    def _lies_there(self, record: dict) -> bool:
        if 'reason' in record:
            return False
        others = {key: value for key, value in record.items() if key not in ('input', 'source')}
        return all((self.folder / file).exists() for file in _files(others))

    def _journals(self) -> list[Path]:
        return sorted((self.folder / _JOURNALS).glob('*-of-*.jsonl'))

    def _remove_old(self) -> None:
        for path in self._journals():
            file = _held(path)
            if file is None and path.exists():
                raise self._busy(path)
            path.unlink(missing_ok=True)
            if file is not None:
                file.close()

    def _busy(self, path: Path) -> UserError:
        share = path.stem.replace('-of-', '/')
        return UserError(
            f'Another process writes into {self.folder} (share {share}): wait for its end, choose '
            f'another output folder, or let several share the images (--shard).'
        )

    def _open(self) -> None:
        try:
            file = _locked(self._path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._busy(self._path) from None
        except OSError as error:
            raise OSError(
                f'Cannot write {self._path} ({error.strerror}): free some space or choose another '
                f'folder.'
            ) from error
        # after a line that was cut off in its middle
        file.write('\n' + json_text({_MADE_WITH: dict(self.share.options)}) + '\n')
        self._file = file

    def _hold(self, path: Path) -> TextIO | None:
        """The open file of a journal that no other process writes."""
        if path == self._path and self._file is not None:
            return self._file
        return _held(path)

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time write the summary."""
        path = self.folder / _JOURNALS / _LOCK
        with _locked(path, fcntl.LOCK_EX):
            yield
            path.unlink(missing_ok=True)


def _locked(path: Path, how: int) -> TextIO:
    """Open a file and lock it, as far as the file system can; it is there when that is done."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, 'a+', encoding='utf-8')  # noqa: SIM115
        except (FileNotFoundError, FileExistsError):
            if path.parent.exists() and not path.parent.is_dir():
                raise
            continue  # another process has removed the folder in between
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            file.close()
            raise
        except OSError:  # a network's file system without locks
            return file
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # another process has removed it in between


def _held(path: Path) -> TextIO | None:
    """Open and lock a journal; None where another process writes it, or nobody can tell."""
    try:
        file = open(path, 'r+', encoding='utf-8')  # noqa: SIM115
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _lines(path: Path) -> Iterator[tuple[int, dict]]:
    """Where each record of a journal begins, and the record; lines that were cut off are none."""
    with contextlib.suppress(FileNotFoundError), open(path, 'rb') as file:
        place = 0
        for line in file:
            record = _record(line)
            if 'name' in record:
                yield place, record
            place += len(line)


def _heads(path: Path) -> Iterator[dict]:
    with contextlib.suppress(FileNotFoundError), open(path, 'rb') as file:
        yield from (record for record in map(_record, file) if _MADE_WITH in record)


def _record(line: bytes) -> dict:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _line_at(path: Path, place: int) -> dict:
    with open(path, 'rb') as file:
        file.seek(place)
        return json.loads(file.readline())


def _summary(
    head: dict, entries: Sequence[Callable[[], dict]], failures: Sequence[Callable[[], dict]]
) -> Iterator[bytes]:
    """The text of the summary, a piece per image: not all of it is in memory at once."""
    yield (json_text(head, indent=2)[:-2] + ',\n' if head else '{\n').encode()
    for kind, records, end in (('predictions', entries, ',\n'), ('failures', failures, '\n}\n')):
        yield f'  "{kind}": ['.encode()
        for number, read in enumerate(records):
            text = json_text(read(), indent=2).replace('\n', '\n    ')
            yield f'{"," if number else ""}\n    {text}'.encode()
        yield f'{chr(10) + "  " if records else ""}]{end}'.encode()


def _files(value: object) -> Iterator[str]:
    """Paths of files in an entry, relative to the output folder."""
    if isinstance(value, str) and value.startswith(('pred/', 'vis/')):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _files(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files(item)


def _is_same(origin: str, other: str) -> bool:
    return origin == other or os.path.abspath(origin) == os.path.abspath(other)
