"""What the examples of a launch are made from, printed once for each data set before it is trained on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from rich.console import Console

from regnet.study.study import Study


def show_data_notes(launch: Path, studies: Iterable[Study]) -> None:
    """Print the lines of each study's data set on standard error, unless this launch has printed them."""
    for study in studies:
        _show(launch, study.data_notes)


@lru_cache(maxsize=64)
def _show(launch: Path, notes: tuple[str, ...]) -> None:
    for line in notes:
        Console(stderr=True).print(line, soft_wrap=True, highlight=False, markup=False)
