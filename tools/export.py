"""Export a network: ``python tools/export.py CONFIG CHECKPOINT OUT``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # runs without being installed

from seginpaint_mm.commands import command

main = command('export')

if __name__ == '__main__':
    sys.exit(main())
