"""Data that cannot be loaded and workers that are lost: only their own seeds fail."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.events import RunFailed, StudyEnded
from regnet.registry.catalog import load_catalog
from regnet.registry.selection import VARIABLE
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_together
from regnet.training.worker_pool import TARGET, WorkerDied
from tests.conftest import OTHERS
from tests.endings import runs
from tests.training.together import SMALL, Observer, alone, assert_same, processes, train

PLUGIN = Path(__file__).parents[1] / "plugins" / "troubled.py"
pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("small_programs")]

MakeTroubled = Callable[..., Study]
"""Makes a study whose data set fails in a chosen way once `flag` exists."""


@pytest.fixture
def troubled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeTroubled:
    monkeypatch.setenv(VARIABLE, f"{OTHERS},{PLUGIN}")
    catalog = load_catalog()

    def make(trouble: str, *overrides: str) -> Study:
        data = ("dataset=troubled", f"dataset.trouble={trouble}", f"dataset.flag={tmp_path}/flag")
        return assemble(compose_config(["tracking=none", *data, *SMALL, *overrides], catalog), catalog)

    return make


@pytest.mark.slow
@processes
def test_study_whose_data_cannot_be_loaded_fails_alone(troubled: MakeTroubled, workers: int, tmp_path: Path) -> None:
    """If loading raises an error, and if the data have other sizes than those of the other studies."""
    studies = [troubled("raise", f"seed={seed}", "dataset.flag=nowhere") for seed in range(6)]
    studies[1], studies[4] = troubled("raise", "seed=1"), troubled("size", "seed=4")
    (tmp_path / "flag").touch()
    outcomes = dict(run_together(studies, Observer(), workers))
    assert [type(outcomes[job]).__name__ for job in (1, 4)] == ["TroubleError", "ShapeError"]
    for job in (0, 2, 3, 5):
        outcome = outcomes[job]
        assert isinstance(outcome, StudyResult)
        assert_same(outcome, train([studies[job]])[0], exactly=False)


@pytest.mark.slow
@processes
@pytest.mark.parametrize("replicas", ["lockstep", "solo"])
def test_a_seed_whose_data_cannot_be_loaded_is_a_failed_seed(
    troubled: MakeTroubled, replicas: str, workers: int, tmp_path: Path
) -> None:
    """And nothing else: the others have the numbers that they would have without it."""
    given = troubled("some", "seeds=8", f"replicas={replicas}")
    whole = alone(given, Observer())
    (tmp_path / "flag").touch()
    observer = Observer()
    (result,) = train([given], workers, observer)
    assert result.seeds == given.seeds
    assert 0 < len(result.faults) < 8
    assert set(result.faults.values()) == {"TroubleError: no such file"}
    for seed in given.seeds:
        if seed in result.faults:
            assert np.isnan(result.of(seed).history["test/loss"]).all()
            assert not result.of(seed).networks
        else:
            assert result.of(seed).networks[0].seed == seed
            np.testing.assert_allclose(result.of(seed).history["test/loss"], whole.of(seed).history["test/loss"], rtol=1e-5)
    failed = [event.seed for event in observer.events if isinstance(event, RunFailed)]
    assert sorted(failed) == sorted(result.faults)
    assert isinstance(observer.events[-1], StudyEnded)


@pytest.mark.slow
def test_a_worker_that_is_lost_takes_only_its_own_seeds_with_it(troubled: MakeTroubled, tmp_path: Path) -> None:
    given = troubled("kill", "seeds=4", "dataset.flag=nowhere")
    other = troubled("kill", "seed=9")
    (tmp_path / "flag").touch()
    observer = Observer()
    outcomes = dict(run_together([given, other], observer, 2))
    result = outcomes[0]
    assert isinstance(result, StudyResult)
    assert isinstance(outcomes[1], WorkerDied)
    assert result.seeds == given.seeds
    lost = [seed for seed in given.seeds if seed in result.faults]
    assert 0 < len(lost) < 4
    assert all("SIGKILL" in result.faults[seed] for seed in lost)
    assert sorted(event.seed for event in observer.events if isinstance(event, RunFailed)) == sorted([*lost, 9])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("kill", r"exit code -9 \(SIGKILL\) while it trained seeds 2 to 3 of 2 jobs: probably out of memory"),
        pytest.param("exit", r"exit code 3 while it trained seeds 2 to 3", marks=pytest.mark.long),
        pytest.param("stop", r"neither answered nor used its processor for 2 s \(stopped\)", marks=pytest.mark.long),
        pytest.param("sleep", r"neither answered nor used its processor for 2 s \(sleeping\)", marks=pytest.mark.long),
        pytest.param("lock", r"neither answered nor used its processor for 2 s \(sleeping\)", marks=pytest.mark.long),
        ("stuck", r"neither answered nor used its processor for 2 s \(sleeping\)"),
    ],
)
def test_lost_worker_fails_only_its_own_studies(
    troubled: MakeTroubled, trouble: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regnet.training.worker_pool.SILENCE", 2.0)
    monkeypatch.setattr("regnet.processes.child.SILENCE", 2.0)
    studies = [troubled(trouble, f"seed={seed}", "dataset.flag=nowhere") for seed in range(4)]
    studies[3] = troubled(trouble, "seed=3")
    (tmp_path / "flag").touch()
    outcomes = dict(run_together(studies, Observer(), 2))
    assert [isinstance(outcomes[job], StudyResult) for job in range(4)] == [True, True, False, False]
    assert isinstance(outcomes[3], WorkerDied)
    assert re.search(rf"worker process \d+ .*{words}", str(outcomes[3])), outcomes[3]
    assert running_workers() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble", ["stuck", *(pytest.param(other, marks=pytest.mark.long) for other in ("sleep", "busy", "stop"))]
)
def test_interruption_ends_workers_within_seconds(troubled: MakeTroubled, trouble: str, tmp_path: Path) -> None:
    studies = [troubled(trouble, f"seed={seed}", "epochs=100000") for seed in range(2)]
    (tmp_path / "flag").touch()
    ctrl_c = threading.Timer(4, lambda: os.kill(os.getpid(), signal.SIGINT))
    ctrl_c.start()
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(run_together(studies, Observer(), 2))
    finally:
        ctrl_c.cancel()
    assert time.monotonic() - start < 10
    assert running_workers() == []


@pytest.mark.slow
def test_component_that_cannot_be_pickled_is_built_in_the_worker(
    troubled: MakeTroubled, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    studies = [troubled("log", f"seed={seed}", "model.activation=tripled") for seed in range(2)]
    (tmp_path / "flag").touch()
    results = train(studies, workers=2)
    assert {record.getMessage() for record in caplog.records if record.name == "troubled"} == {"trouble is logged"}
    for one, other in zip(results, train(studies), strict=True):
        assert_same(one, other, exactly=False)


def running_workers() -> list[psutil.Process]:
    """The running workers of this process."""
    return [child for child in psutil.Process().children() if runs(child) and TARGET in child.cmdline()]
