"""Models by their names in mmdet's own index: its metafiles name a config and the weights."""

from pathlib import Path

import mmdet
import yaml

_INSTALLED = Path(mmdet.__file__).parent / '.mim'  # what OpenMMLab's wheels carry


def find_indexed(name: str) -> tuple[Path, str] | None:
    """Return the config file and the address of the weights of a model; None where there is none.

    Args:
        name: E.g. ``'mask-rcnn_r50_fpn_2x_coco'``, with or without ``mmdet::``.
    """
    name = name.removeprefix('mmdet::')
    for metafile in sorted(_INSTALLED.glob('configs/*/metafile.yml')):
        text = metafile.read_text(encoding='utf-8')
        if f' {name}\n' not in text:  # to parse all of them takes seconds
            continue
        content = yaml.safe_load(text)
        for model in content if isinstance(content, list) else content.get('Models', ()):
            if model.get('Name') == name and model.get('Weights'):
                return _INSTALLED / model['Config'], model['Weights']
    return None
