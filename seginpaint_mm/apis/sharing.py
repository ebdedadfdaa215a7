"""Share images among processes: by number, as cluster jobs, or by torchrun."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.errors import UserError


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
