"""Fixtures for all tests: the catalog, a study from overrides, its result, and a command run in this process."""

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
from regnet.credentials import VARIABLE as CREDENTIALS
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.selection import OWN, VARIABLE
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_study

OTHERS = ",".join(
    sorted({f"-{entry.dist.name}" for entry in entry_points(group="regnet") if entry.dist and entry.dist.name != OWN})
)
"""The policy that disables all other installed distributions, which have their own tests."""

os.environ[VARIABLE] = OTHERS

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a background job of a shell script ignores Ctrl-C, and so do its children
    signal.signal(signal.SIGINT, signal.default_int_handler)

MakeStudy = Callable[..., Study]
"""Makes the study that the given Hydra overrides describe; keyword arguments change its fields, such as `engine`."""

RunStudy = Callable[..., StudyResult]
"""Trains the study that `MakeStudy` makes from the same arguments."""


class Output(NamedTuple):
    """The exit code and the output of a command."""

    code: int | str | None
    stdout: str
    stderr: str


Inside = Callable[..., Output]
"""Runs a command in the test's process, which is some seconds faster than a separate process."""


def clear_hydra() -> None:
    """Clear Hydra's global state, so that the next command starts as in a new process."""
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def study(catalog: Catalog) -> MakeStudy:
    @cache  # composing takes longer than most of the trainings
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
    """Run commands in an empty folder, without MLFLOW_TRACKING_URI."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv(CREDENTIALS, raising=False)

    def run(*words: str) -> Output:
        clear_hydra()
        plugins = os.environ[VARIABLE]
        try:
            code: int | str | None = main(list(words))
        except SystemExit as end:  # raised by argparse
            code = end.code
        finally:
            clear_hydra()
            os.environ.pop(CREDENTIALS, None)
            os.environ[VARIABLE] = plugins
        return Output(code, *capfd.readouterr())

    return run
