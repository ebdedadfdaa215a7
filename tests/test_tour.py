"""The notebook docs/tour.ipynb runs, cell by cell, and shows what it says."""

import ast
import json
from pathlib import Path

from PIL import Image

NOTEBOOK = Path(__file__).parents[1] / 'docs/tour.ipynb'


def run(source: str, names: dict) -> object:
    """Run a cell; what its last line gives."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, 'exec'), names)
    return last and eval(compile(ast.Expression(last.value), NOTEBOOK.name, 'eval'), names)


def test_the_tour(capsys: object) -> None:
    book = json.loads(NOTEBOOK.read_text(encoding='utf-8'))
    cells = [cell for cell in book['cells'] if cell['cell_type'] == 'code']
    names: dict = {}
    for cell in cells:
        shown = run(''.join(cell['source']), names)
        printed = capsys.readouterr().out
        kinds = {item['output_type']: item for item in cell['outputs']}
        if isinstance(shown, Image.Image):
            (told,) = kinds['execute_result']['data']['text/plain']
            assert f'size={shown.width}x{shown.height}' in told
        stored = ''.join(kinds.get('stream', {}).get('text', []))
        assert [line.split(':')[0] for line in printed.splitlines()] == [
            line.split(':')[0] for line in stored.splitlines()
        ], 'write the outputs of the notebook again'
    assert sum('execute_result' in str(cell['outputs']) for cell in cells) == 4
