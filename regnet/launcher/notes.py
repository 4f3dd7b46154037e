"""What a user should know about the studies of a launch, printed once before they are trained."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from regnet.escape import visible
from regnet.study.study import Study


def show_notes(launch: Path, studies: Iterable[Study], *, stderr: bool = False) -> None:
    """Print the notes of each study, unless this launch has printed them.

    For a program that prints its own output, they are printed on standard error, and once for all its launches.
    """
    for study in studies:
        _show(None if stderr else launch, study.notes, stderr)


@lru_cache(maxsize=64)
def _show(launch: Path | None, notes: tuple[str, ...], stderr: bool) -> None:
    with suppress(OSError):  # nobody reads them, or the disk is full, which stops no training
        for line in notes:
            print(visible(line), file=sys.stderr if stderr else sys.stdout, flush=True)
