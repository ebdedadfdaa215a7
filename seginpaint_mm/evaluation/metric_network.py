"""Networks that metrics look with: found in files, never downloaded."""

import logging
from collections.abc import Callable
from pathlib import Path

from mmengine.logging import print_log
from torch import nn

from seginpaint_mm.errors import CheckpointError


class MetricNetwork:
    """A network that is built from a file of weights when the first picture comes.

    Args:
        metric: Whose it is, for messages.
        weights: The file.
        source: Which file that is and where it is from, for messages.
        build: Path -> the network; CheckpointError when the file is not its.
        optional: Without the file there is no network, which is said once in a warning.
    """

    def __init__(
        self,
        *,
        metric: str,
        weights: str,
        source: str,
        build: Callable[[Path], nn.Module],
        optional: bool,
    ) -> None:
        self.metric = metric
        self.weights = Path(weights).expanduser()
        self.source = source
        self.optional = optional
        self._build = build
        self._network: nn.Module | None = None
        self._is_missing = False

    def get(self) -> nn.Module | None:
        """The network, in evaluation mode, on the CPU at first; None where it is left out.

        Raises:
            CheckpointError: when the file is missing and not optional, or is not the network's.
        """
        if self._network is None and not self._is_missing:
            if self.weights.is_file():
                self._network = self._build(self.weights).requires_grad_(False).eval()
            else:
                self._miss()
        return self._network

    def _miss(self) -> None:
        advice = (
            f'download {self.source} and save it under this name, or name the file in '
            f'{self.metric}.weights'
        )
        if not self.optional:
            raise CheckpointError(
                f'{self.metric}: {self.weights} does not exist; {advice}, or set optional=True to '
                f'leave the metric out; nothing is downloaded.'
            )
        self._is_missing = True
        print_log(
            f'{self.metric} is left out: {self.weights} does not exist; {advice}.',
            logger='current',
            level=logging.WARNING,
        )
