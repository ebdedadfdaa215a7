"""Print the script with which a shell completes commands, options and names of configs::

    seginpaint completion bash > ~/.local/share/bash-completion/completions/seginpaint
    seginpaint completion zsh > ~/.seginpaint.zsh       # and in ~/.zshrc: source ~/.seginpaint.zsh
    seginpaint completion fish > ~/.config/fish/completions/seginpaint.fish

Write it again after an update. Where bash has no bash-completion, let ~/.bashrc source the file.
"""

import argparse
import contextlib
import importlib
import re
import sys
from collections.abc import Sequence

from seginpaint_mm.commands import COMMANDS

# Commands whose first argument is a config, and options whose value is one.
_TAKE_CONFIGS = ('train', 'test', 'export')
_CONFIG_OPTIONS = ('--config', '--instances', '--before')
_NAMES = 'seginpaint list --names 2>/dev/null'

_BASH = """_seginpaint() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} words=
  if ((COMP_CWORD == 1)); then
    words='{commands}'
  elif [[ $word == -* ]]; then
    case ${{COMP_WORDS[1]}} in
{options}
    esac
  elif [[ ' {config_options} ' == *" $before "* || ' {take_configs} ' == *" $before "* ]]; then
    words=$({names})
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _seginpaint seginpaint
"""
_ZSH = 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n' + _BASH


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('shell', choices=['bash', 'zsh', 'fish'])
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    shell = make_parser().parse_args(argv).shell
    options = {name: command_options(name) for name in COMMANDS}
    print(fish(options) if shell == 'fish' else bash(options, _ZSH if shell == 'zsh' else _BASH))


def command_options(name: str) -> list[str]:
    """Return the long options of a command, without those that its help leaves out."""
    with contextlib.redirect_stdout(sys.stderr):  # libraries print while they are imported
        module = importlib.import_module(f'seginpaint_mm.commands.{name}')
    usage = module.make_parser().format_usage()
    return ['--help', *dict.fromkeys(re.findall(r'--[a-z][\w-]*', usage))]


def bash(options: dict[str, list[str]], template: str) -> str:
    cases = [f"      {name}) words='{' '.join(found)}' ;;" for name, found in options.items()]
    return template.format(
        commands=' '.join(COMMANDS),
        options='\n'.join(cases),
        config_options=' '.join(_CONFIG_OPTIONS),
        take_configs=' '.join(_TAKE_CONFIGS),
        names=_NAMES,
    ).rstrip()


def fish(options: dict[str, list[str]]) -> str:
    lines = ['complete -c seginpaint -e']
    for name, what in COMMANDS.items():
        lines.append(f"complete -c seginpaint -f -n __fish_use_subcommand -a {name} -d '{what}'")
        inside = f"-n '__fish_seen_subcommand_from {name}'"
        if name in _TAKE_CONFIGS:
            lines.append(f"complete -c seginpaint {inside} -a '({_NAMES})'")
        for option in options[name]:
            config = f" -x -a '({_NAMES})'" if option in _CONFIG_OPTIONS else ''
            lines.append(f'complete -c seginpaint {inside} -l {option[2:]}{config}')
    return '\n'.join(lines)
