"""The command lines that the documents print, as a shell expands them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.tool_runs import REPOSITORY

# Programs that stand in for the real ones write their words here instead of doing anything.
_STAND_IN = r"""#!/bin/bash
{{ printf '%s\0' "{name}" "$@"; printf '\n'; }} >>"$COMMANDS"
"""
_PROGRAMS = ('python', 'pip', 'make', 'git', 'seginpaint')
_IN_ENVIRONMENT = re.compile(r'\.venv[\w-]*/bin/\w+')
_PROLOGUE = r"""
set -euo pipefail
cd() { { printf '%s\0' cd "$@"; printf '\n'; } >>"$COMMANDS"; }
command_not_found_handle() { { printf '%s\0' "$@"; printf '\n'; } >>"$COMMANDS"; }
"""
_FENCE = re.compile(r'^( *)```(\S*)\n(.*?)^ *```', re.DOTALL | re.MULTILINE)
_PLACEHOLDER = re.compile(r'<([\w ]+)>')  # a shell would read a file of that name


@dataclass(frozen=True)
class Command:
    """A command as it is started: the program, and its arguments after expansion."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return ' '.join(self.words)


def documents() -> list[Path]:
    """Return every Markdown file that a user reads, relative to the repository."""
    found = [
        *REPOSITORY.glob('*.md'),
        *REPOSITORY.glob('configs/*/README.md'),
        *REPOSITORY.glob('docs/**/*.md'),
    ]
    built = REPOSITORY / 'docs' / '_build'
    return sorted(path.relative_to(REPOSITORY) for path in found if built not in path.parents)


def blocks(text: str, language: str = 'bash') -> list[str]:
    """Return the fenced blocks of a language, without their indentation."""
    return [
        re.sub(f'^{indentation}', '', body, flags=re.MULTILINE)
        for indentation, name, body in _FENCE.findall(text)
        if name == language
    ]


def languages(text: str) -> set[str]:
    """Return the languages that fenced blocks name; '' is that of a block without one."""
    return {name for _, name, _ in _FENCE.findall(text)}


def commands(text: str, folder: Path) -> list[Command]:
    """Let bash expand all ``bash`` blocks of a document, in one session, and note what it starts.

    Variables, loops and continued lines are the shell's; no program is run.

    Args:
        text: A Markdown document.
        folder: An empty folder to work in.

    Raises:
        AssertionError: bash cannot read a block, or a variable is not set.
    """
    scripts = {f'bin/{name}' for name in _PROGRAMS} | set(_IN_ENVIRONMENT.findall(text))
    scripts |= {str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob('tools/*.sh')}
    for name in scripts:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_STAND_IN.format(name=name.removeprefix('bin/')))
        path.chmod(0o755)
    record = folder / 'commands'
    record.touch()
    script = _PROLOGUE + _PLACEHOLDER.sub(r'\1', '\n'.join(blocks(text)))
    environment = {'PATH': f'{folder}/bin:/usr/bin:/bin', 'COMMANDS': str(record)}
    done = subprocess.run(
        ['bash', '-c', script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = record.read_text().split('\0\n')[:-1]
    return [Command(tuple(line.split('\0'))) for line in lines]
