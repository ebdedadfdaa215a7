"""Draw a paper's qualitative figure, methods side by side on the same images::

    python tools/analysis_tools/figure.py configs/maskopt/figure_1_street.yml figure.png
    python tools/analysis_tools/figure.py FIGURE OUT --images 3 17 42

FIGURE is a YAML file of the panels, the configs and the checkpoints, see
``seginpaint_mm/figures/spec.py``; those of the papers lie beside the configs of their methods.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

from seginpaint_mm.apis.model_loading import check_device
from seginpaint_mm.checkpoint import enable_safe_loading
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.figures import draw_figure, load_figure
from seginpaint_mm.figures.spec import with_images
from seginpaint_mm.utils.files import write_image


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('figure', metavar='FIGURE', help='YAML file of what is shown')
    parser.add_argument('out', metavar='OUT', help='image to write, .png or .jpg')
    parser.add_argument(
        '--images', type=int, nargs='+', metavar='N', help='numbers of the test set, from 0'
    )
    parser.add_argument('--device', default='cpu', help='default: cpu')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    enable_safe_loading()
    check_device(args.device)
    spec = load_figure(args.figure)
    if args.images:
        spec = with_images(spec, args.images)
    write_image(args.out, draw_figure(spec, args.device, print)[..., ::-1])
    print(args.out)


if __name__ == '__main__':
    main()
