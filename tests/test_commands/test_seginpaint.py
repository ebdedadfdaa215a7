"""The console script, in this process and in one of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from seginpaint_mm import __version__
from seginpaint_mm.__main__ import main
from seginpaint_mm.commands import COMMANDS, command, command_line
from tests.helpers.tool_runs import REPOSITORY


def test_the_version_and_all_commands_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    for option, names in (('--version', [__version__]), ('--help', COMMANDS)):
        with pytest.raises(SystemExit) as stopped:
            main([option])
        assert stopped.value.code == 0
        output = capsys.readouterr().out
        assert all(name in output for name in names)


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_shows_its_options_under_its_own_name(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, 'argv', ['seginpaint'])
    with pytest.raises(SystemExit) as stopped:
        main([name, '--help'])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f'usage: seginpaint {name} ')


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['trian'], "there is no command 'trian'; did you mean 'train'?"),
        (['xxx'], "there is no command 'xxx': choose from train, test, infer"),
        ([], 'the following arguments are required: COMMAND'),
    ],
)
def test_an_unknown_command_gets_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_command_runs_from_any_folder_without_being_installed(tmp_path: Path) -> None:
    python, *words = command_line('list', 'absent')
    done = subprocess.run([python, '-I', *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'No config has absent in its name' in done.stdout + done.stderr


def test_a_tool_is_a_command() -> None:
    assert (REPOSITORY / 'tools/train.py').is_file()
    with pytest.raises(SystemExit) as stopped:
        command('train')(['absent'])
    assert stopped.value.code == 2
