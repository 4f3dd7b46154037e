"""What a user should know about the studies of a launch, printed once before they are trained."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from rich.console import Console

from regnet.study.study import Study


def show_notes(launch: Path, studies: Iterable[Study]) -> None:
    """Print the notes of each study, unless this launch has printed them."""
    for study in studies:
        _show(launch, study.notes)


@lru_cache(maxsize=64)
def _show(launch: Path, notes: tuple[str, ...]) -> None:
    for line in notes:
        Console().print(line, soft_wrap=True, highlight=False, markup=False)
