"""Turn outlines of a label tool into COCO's JSON, which fcrn, segan and maskopt read:

    python tools/dataset_converters/label_tools.py yolo labels/train train.json --images images/train --classes data.yaml
    python tools/dataset_converters/label_tools.py labelme labelled train.json
    python tools/dataset_converters/label_tools.py cvat annotations.xml train.json

A config then takes a CocoInstanceDataset with ann_file='train.json' and the folder of the images.
"""  # noqa: E501

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait

# isort: split
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets.label_tools import (
    read_cvat,
    read_labelme,
    read_yolo,
    yolo_names,
)
from seginpaint_mm.datasets.outlines import coco_json_of
from seginpaint_mm.errors import UserError
from seginpaint_mm.utils.files import write_json

_YAML = ('.yaml', '.yml')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('format', choices=('yolo', 'labelme', 'cvat'))
    parser.add_argument('labels', type=Path, help='folder of labels; of CVAT its XML or ZIP file')
    parser.add_argument('out', type=Path, help='JSON file to write')
    parser.add_argument(
        '--images', type=Path, metavar='FOLDER', help='of the images (default of Labelme: LABELS)'
    )
    parser.add_argument(
        '--classes', nargs='+', metavar='NAME', help='names in order, or data.yaml of YOLO'
    )
    parser.add_argument('--boxes', action='store_true', help='take boxes as objects too')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    names = list(args.classes or ())
    if len(names) == 1 and names[0].lower().endswith(_YAML):
        names = yolo_names(Path(names[0]))
    if args.format == 'yolo':
        if args.images is None or not names:
            raise UserError('yolo needs --images FOLDER and --classes data.yaml (or the names).')
        images = list(read_yolo(args.labels, args.images, names, boxes=args.boxes))
    elif args.format == 'labelme':
        images = list(read_labelme(args.labels, args.images or args.labels, boxes=args.boxes))
    else:
        found, images = read_cvat(args.labels, boxes=args.boxes)
        names = names or found
    content = coco_json_of(images, names)
    if not content['annotations']:
        raise UserError(f'{args.labels}: no object with an area was found: nothing is written.')
    write_json(args.out, content)
    by_id = {category['id']: category['name'] for category in content['categories']}
    counts = Counter(by_id[one['category_id']] for one in content['annotations'])
    listed = ', '.join(f'{name} {counts[name]}' for name in by_id.values())
    print(f'{args.out}: {len(images)} images, {len(content["annotations"])} objects ({listed})')
    left_out = sum((image.left_out for image in images), Counter[str]())
    if left_out:
        kinds = ', '.join(f'{count} {kind}' for kind, count in sorted(left_out.items()))
        print(f'left out, as they have no area: {kinds} (boxes count with --boxes)')


if __name__ == '__main__':
    main()
