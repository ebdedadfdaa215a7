"""Render the Street data set: ``python tools/dataset_converters/street.py OUT --num-train N``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

from seginpaint_mm.commands import command

main = command('street')

if __name__ == '__main__':
    sys.exit(main())
