"""Every command that the READMEs and the documentation print works as it is printed."""

import re
from pathlib import Path

import cv2
import pytest

from tests.helpers.documented_commands import Command, commands, documents, languages
from tests.helpers.documented_rules import check
from tests.helpers.documented_world import write_world
from tests.helpers.tool_runs import REPOSITORY

# '' is a listing of files; names in braces are Sphinx's directives.
LANGUAGES = {'bash', 'bibtex', 'python', '', '{eval-rst}', '{toctree}'}
# How a command begins that stands in another block than bash's, or in the text.
COMMAND = re.compile(r'^(?:\$ |python |make |pip |seginpaint |git |tools/\w+\.sh)', re.MULTILINE)


@pytest.fixture(scope='module')
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp('documents'))


@pytest.mark.slow
@pytest.mark.parametrize('document', documents(), ids=str)
def test_commands_work(
    document: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = commands((REPOSITORY / document).read_text(encoding='utf-8'), tmp_path)
    monkeypatch.chdir(world)
    try:
        for command in printed:
            _check(document, command)
    finally:
        cv2.setNumThreads(1)  # a run sets what its config says


@pytest.mark.parametrize('document', documents(), ids=str)
def test_no_command_hides_in_another_block(document: Path) -> None:
    text = (REPOSITORY / document).read_text(encoding='utf-8')
    assert languages(text) <= LANGUAGES
    other = re.findall(r'^ *```(?!bash)\S*\n(.*?)^ *```', text, re.DOTALL | re.MULTILINE)
    hidden = [line for block in other for line in COMMAND.findall(block)]
    assert not hidden


def test_the_shell_expands_what_a_block_says(tmp_path: Path) -> None:
    text = """Text.
```bash
A="x=1 y=2"
for part in one two; do
    python tools/train.py ${part}.py --cfg-options $A \\
        z=3     # a comment
done
.venv/bin/python tools/infer.py "a photo.jpg"
```
   ```bash
   make test && cd folder
   ```
```python
print('no command')
```
"""
    options = ('--cfg-options', 'x=1', 'y=2', 'z=3')
    assert [command.words for command in commands(text, tmp_path)] == [
        ('python', 'tools/train.py', 'one.py', *options),
        ('python', 'tools/train.py', 'two.py', *options),
        ('.venv/bin/python', 'tools/infer.py', 'a photo.jpg'),
        ('make', 'test'),
        ('cd', 'folder'),
    ]


@pytest.mark.parametrize(
    'words',
    [
        ('frobnicate', 'a'),
        ('python', 'tools/absent.py'),
        ('python', 'tools/setup_env.sh'),
        ('python', '-m', 'absent'),
        ('make', 'absent'),
        ('seginpaint', 'absent'),
        ('pip', 'install', 'seginpaint_mm[absent]'),
    ],
    ids=' '.join,
)
def test_a_command_without_a_rule_fails(words: tuple[str, ...]) -> None:
    with pytest.raises(AssertionError):
        check(Command(words))


def _check(document: Path, command: Command) -> None:
    try:
        check(command)
    except SystemExit as stopped:
        pytest.fail(f'{document}: {command}: ended with status {stopped.code}')
    except Exception as error:
        raise AssertionError(f'{document}: {command}: {error}') from error
