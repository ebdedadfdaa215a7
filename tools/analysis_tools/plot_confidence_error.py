"""Draw SGE-Net's Fig. 8: ``python tools/analysis_tools/plot_confidence_error.py POINTS OUT``.

POINTS is what ``ConfidenceErrorMetric(points=...)`` wrote, a dot an image.
"""

import argparse
import io
import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.errors import UserError
from seginpaint_mm.evaluation.confidence_error import correlations
from seginpaint_mm.utils.files import write_bytes

_KEYS = ('confidence', 'l1', 'hole_ratio')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('points', metavar='POINTS', help='JSON file of ConfidenceErrorMetric')
    parser.add_argument('out', metavar='OUT', help='image to write, .png, .svg or .pdf')
    parser.add_argument('--title', default='', help='above the plot')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def read_points(path: str) -> list[dict]:
    """The images' values.

    Raises:
        UserError: when it is no such file, or holds less than two images.
    """
    try:
        points = json.loads(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise UserError(f'{path} cannot be read ({error}): give the points of a metric.') from error
    sound = isinstance(points, list) and all(
        isinstance(point, dict) and all(key in point for key in _KEYS) for point in points
    )
    if not sound or len(points) < 2:
        raise UserError(
            f'{path} does not hold two or more points with {", ".join(_KEYS)}: give a file that '
            f'ConfidenceErrorMetric(points=...) wrote.'
        )
    return points


def draw(points: list[dict], title: str) -> Figure:
    """L1 error over confidence, coloured by the share of the image that was filled."""
    confidence, error, ratio = ([point[key] for point in points] for key in _KEYS)
    found = correlations(points)
    figure, axes = plt.subplots(figsize=(6, 4.5), layout='constrained')
    dots = axes.scatter(confidence, error, c=ratio, s=12, cmap='viridis')
    figure.colorbar(dots, label='share of the image that was filled')
    axes.set_xlabel('mean confidence in the hole')
    axes.set_ylabel('mean L1 error in the hole')
    numbers = f'{len(points)} images, Pearson {found["pearson"]:.2f}, '
    numbers += f'Spearman {found["spearman"]:.2f}'
    axes.set_title(f'{title}\n{numbers}' if title else numbers, fontsize=10)
    return figure


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    plt.switch_backend('agg')  # also where there is no screen
    figure = draw(read_points(args.points), args.title)
    form, file = Path(args.out).suffix.lstrip('.') or 'png', io.BytesIO()
    figure.savefig(file, format=form, dpi=150)
    plt.close(figure)
    write_bytes(args.out, file.getvalue())
    print(args.out)


if __name__ == '__main__':
    main()
