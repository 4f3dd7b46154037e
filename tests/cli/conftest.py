"""The command run inside the test's own process, which is some seconds quicker than a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hydra.core.global_hydra import GlobalHydra

from regnet.cli import main


class Told(NamedTuple):
    """How the command ended, and what it wrote."""

    code: int | str | None
    stdout: str
    stderr: str


Inside = Callable[..., Told]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Inside:
    """Runs a command in an empty folder, without a store of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def run(*words: str) -> Told:
        GlobalHydra.instance().clear()
        try:
            code: int | str | None = main(list(words))
        except SystemExit as end:  # argparse's way
            code = end.code
        finally:
            GlobalHydra.instance().clear()
        return Told(code, *capfd.readouterr())

    return run
