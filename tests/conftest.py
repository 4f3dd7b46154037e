"""What every test may ask for: the catalog, a study composed from overrides, its result, and a command run in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from regnet.cli import main
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.selection import OWN, VARIABLE
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_study

OTHERS = ",".join(
    sorted({f"-{entry.dist.name}" for entry in entry_points(group="regnet") if entry.dist and entry.dist.name != OWN})
)
"""Switches off whatever else is installed here, which has tests of its own."""

os.environ[VARIABLE] = OTHERS

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell script ignores Ctrl-C, and so do its children
    signal.signal(signal.SIGINT, signal.default_int_handler)

MakeStudy = Callable[..., Study]
"""Makes the study that Hydra overrides, given one by one, describe; keywords then change fields of the study, such as `engine`."""

RunStudy = Callable[..., StudyResult]
"""Trains the study that the same arguments make."""


class Told(NamedTuple):
    """How the command ended, and what it wrote."""

    code: int | str | None
    stdout: str
    stderr: str


Inside = Callable[..., Told]
"""Runs a command inside the test's own process, which is some seconds quicker than a process of its own."""


def clear_hydra() -> None:
    """Empty what Hydra keeps of a run in its process: the next command in this process starts as in one of its own."""
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def study(catalog: Catalog) -> MakeStudy:
    @cache  # composing takes longer than most of the trainings here
    def composed(*overrides: str) -> Study:
        return assemble(compose_config(["tracking=none", *overrides], catalog), catalog)

    def make(*overrides: str, **changes: Any) -> Study:
        return replace(composed(*overrides), **changes)

    return make


@pytest.fixture(scope="session")
def run(catalog: Catalog, study: MakeStudy) -> RunStudy:
    def train(*overrides: str, **changes: Any) -> StudyResult:
        return run_study(study(*overrides, **changes), Listeners(catalog.plugins))

    return train


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Inside:
    """Runs a command in an empty folder, without a store of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def run(*words: str) -> Told:
        clear_hydra()
        try:
            code: int | str | None = main(list(words))
        except SystemExit as end:  # argparse's way
            code = end.code
        finally:
            clear_hydra()
        return Told(code, *capfd.readouterr())

    return run
