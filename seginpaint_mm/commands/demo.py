"""Render streets, train a network, test it and draw the layout behind the cars.

Everything is kept in ``data/street`` and ``work_dirs/demo`` of the current folder: run again, it
continues where it was interrupted. The exit status is 1 if the network is not clearly better than
the trivial answer.
"""

import argparse
import ctypes
import html
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from prettytable import PrettyTable

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.commands import command_line
from seginpaint_mm.errors import UserError
from seginpaint_mm.tables import Run
from seginpaint_mm.utils.files import write_text

CONFIG = 'pspnet_r18_small_street'
DATA, OUT = Path('data/street'), Path('work_dirs/demo')
NUM_TRAIN, NUM_VAL, SIZE = 1600, 100, (128, 256)
NUM_PICTURES = 12
_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
MIN_GAIN = 3.0  # points of foreground IoU over the trivial answer

# Prefix of the metrics and name of every row; all are measured in one test.
OURS, TRIVIAL, ORACLE = '', 'nearest_prediction/', 'nearest_truth/'
ROWS = {
    OURS: 'ours',
    TRIVIAL: 'trivial answer: what it sees, filled from the nearest background pixel',
    ORACLE: '(for comparison: the true visible labels, filled in the same way)',
}
COLUMNS = {'IoU all': 'all_mIoU', 'IoU foreground': 'fg_mIoU'}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


@one_sentence_errors
def main(argv: Sequence[str] | None = None) -> None:
    make_parser().parse_args(argv)
    start = time.monotonic()
    training, test = plan_runs()
    render()
    do(training, '2/4 training')
    do(test, '3/4 testing')
    look(training)
    metrics = test.metrics()
    write_page(metrics, sorted((OUT / 'pictures').glob('*.png'))[:NUM_PICTURES])
    print(f'\n{make_table(metrics)}\n\nPictures: {OUT / "index.html"}, {OUT / "pictures"}')
    print(f'Your own: python tools/infer.py PHOTOS --config {training.folder}')
    print(f'Done in {(time.monotonic() - start) / 60:.1f} minutes.')
    if gain(metrics) < MIN_GAIN:
        raise UserError(
            f'The network is only {gain(metrics):.1f} points of foreground IoU better than the '
            f'trivial answer, at least {MIN_GAIN:.0f} are expected: see {training.folder}.'
        )


def plan_runs() -> tuple[Run, Run]:
    """The training, and the test that also draws an image of every batch."""
    options = {'default_hooks.logger.interval': 5}
    training = Run('demo', 0, CONFIG, options, OUT / 'training')
    pictures = {
        'default_hooks.visualization.interval': 1,
        'default_hooks.visualization.out_dir': str((OUT / 'pictures').resolve()),
    }
    options = options | pictures
    test = Run('demo', 0, CONFIG, options, OUT / 'test', trained=training, is_test=True)
    return training, test


def render() -> None:
    """Render what is missing of the data set.

    Raises:
        UserError: when that fails; the renderer has said why.
    """
    print(f'1/4 rendering {NUM_TRAIN + NUM_VAL} streets into {DATA}', flush=True)
    command = command_line('street', DATA)
    command += ['--num-train', str(NUM_TRAIN), '--num-val', str(NUM_VAL)]
    command += ['--size', *map(str, SIZE)]
    if subprocess.run(command, check=False, preexec_fn=_end_with_parent()).returncode:
        raise UserError('The data set could not be rendered: see above.')


def do(run: Run, title: str) -> None:
    """Train or test with a line of progress, unless it is done.

    Raises:
        UserError: when it fails; names the log. When the folder holds another network.
    """
    _check_same_network(run)
    if run.metrics() is not None:
        print(f'{title}: done before')
        return
    run.folder.mkdir(parents=True, exist_ok=True)
    log = run.folder / 'output.log'
    show = make_progress(title)
    with (
        open(log, 'a', buffering=1, encoding='utf-8') as file,
        subprocess.Popen(
            run.command(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_end_with_parent(),
        ) as process,
    ):
        for line in process.stdout:
            file.write(line)
            fraction = parse_progress(line, run.cfg.train_cfg.max_epochs)
            if fraction is not None:
                show(fraction)
    if process.returncode or run.metrics() is None:
        raise UserError(f'{title} failed with status {process.returncode}: see the end of {log}.')


def _check_same_network(run: Run) -> None:
    """See that the folder is not that of a demo of another version."""
    others = [path.name for path in run.folder.glob('*.py') if path.stem != Path(run.config).stem]
    if others:
        raise UserError(
            f'{run.folder} holds a run of {others[0]}, the demo of another version: remove {OUT} '
            'and start again.'
        )


def _end_with_parent() -> Callable[[], None] | None:
    """What a child process calls at its start to end with this one, even if that is killed.

    Otherwise a training would go on unseen, beside the one of the next start. Only Linux has it.
    """
    if not sys.platform.startswith('linux'):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def parse_progress(line: str, max_epochs: int) -> float | None:
    """How far a training or test is, in [0, 1], from a line of MMEngine's log."""
    found = re.search(r'Epoch\((train|test)\)\s+(?:\[(\d+)\])?\[\s*(\d+)/(\d+)\]', line)
    if found is None:
        return None
    fraction = int(found[3]) / int(found[4])
    return fraction if found[1] == 'test' else (int(found[2]) - 1 + fraction) / max_epochs


def make_progress(title: str) -> Callable[[float], None]:
    """Return a function that shows a share of the work in [0, 1], its rate and the time left.

    Rate and time are those since the first call: a run that goes on where it was does not count
    what was done before. In a terminal the line is rewritten; elsewhere there is a new one every
    10 %.
    """
    start, first, shown = time.monotonic(), None, -1

    def show(fraction: float) -> None:
        nonlocal first, shown
        first = fraction if first is None else first
        pace = describe_pace(fraction - first, time.monotonic() - start, 1 - fraction)
        text = f'{title}: {fraction:4.0%}{pace}'
        if sys.stdout.isatty():
            print(f'\r{text}\033[K', end='\n' if fraction == 1 else '', flush=True)
        elif int(10 * fraction) > shown:
            shown = int(10 * fraction)
            print(text, flush=True)

    return show


def describe_pace(done: float, seconds: float, left: float) -> str:
    """Describe how fast shares of the work, in [0, 1], were done, and how long the rest takes.

    Args:
        done: Share that was done in ``seconds``.
        seconds: Since the start.
        left: Share that is left.
    """
    minutes = seconds / 60
    if done <= 0:
        return f' after {minutes:.1f} min'
    rate = done / minutes
    return f' after {minutes:.1f} min, {rate:.0%} per minute, {left / rate:.1f} min left'


def look(training: Run) -> None:
    """Run the trained network on images that it has not seen, as on anybody's photos."""
    print('4/4 looking at unseen streets', flush=True)
    from seginpaint_mm.apis import SegInpaintInferencer  # its seconds would precede the first line

    images = sorted((DATA / 'leftImg8bit' / 'val').rglob('*_leftImg8bit.*'))[:NUM_PICTURES]
    inferencer = SegInpaintInferencer(training.config, training.checkpoint())
    inferencer(images, batch_size=4, out_dir=OUT / 'inference')


def gain(metrics: dict[str, float]) -> float:
    """Foreground IoU of ours minus that of the trivial answer, in points."""
    return metrics[f'{OURS}fg_mIoU'] - metrics[f'{TRIVIAL}fg_mIoU']


def make_table(metrics: dict[str, float]) -> PrettyTable:
    """The table as printed."""
    table = PrettyTable(['', *COLUMNS])
    table.align = 'r'
    table.align[''] = 'l'
    for prefix, name in ROWS.items():
        table.add_row([name, *[f'{metrics[prefix + key]:.1f}' for key in COLUMNS.values()]])
    return table


def write_page(metrics: dict[str, float], pictures: Sequence[Path]) -> None:
    """Write ``index.html``: the table above the images."""
    figures = [f'<img src="{html.escape(path.relative_to(OUT).as_posix())}">' for path in pictures]
    page = f"""<!doctype html>
<meta charset="utf-8"><title>seginpaint_mm: what is behind the cars?</title>
<style>body {{ font-family: sans-serif; margin: 2em }} img {{ width: 100%; margin: 1em 0 }}
td, th {{ padding: .3em 1em }}</style>
<h1>What is behind the cars?</h1>
{make_table(metrics).get_html_string()}
{chr(10).join(figures)}
"""
    write_text(OUT / 'index.html', page)


if __name__ == '__main__':
    main()
