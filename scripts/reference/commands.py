"""The page of the command line: the help of `regnet` and of each of its commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

COMMAND = re.compile(r"^    ([a-z]\w*)(?:\s|$)", re.MULTILINE)
COMMANDS = re.compile(r"^  [A-Z]+\n(.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
"""The part of a command's help that lists its subcommands."""
QUIET = {"COLUMNS": "100", "NO_COLOR": "1", "REGNET_PLUGINS": ""}


def commands_page() -> str:
    text = "# Command line\n\nThe output of `--help` for each command.\n"
    for words, printed in _helps(()):
        command = " ".join(("regnet", *words))
        text += f"\n## `{command}` {{ #{'-'.join(('regnet', *words))} }}\n\n```text\n{printed.rstrip()}\n```\n"
    return text


def _helps(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The help of a command and of its subcommands."""
    start = [sys.executable, "-m", "regnet", *words, "--help"]
    printed = subprocess.run(start, check=True, capture_output=True, encoding="utf-8", env=os.environ | QUIET).stdout
    yield words, printed
    listed = COMMANDS.search(printed) if words != ("run",) else None  # the help of `run` is Hydra's
    for name in COMMAND.findall(listed[1]) if listed else ():
        yield from _helps((*words, name))
