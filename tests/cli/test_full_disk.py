"""A disk that is full: a line says so, what was finished is kept, and the launch continues when there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from regnet.launch_folder.plan import read_plan
from regnet.launch_folder.status import status_of
from tests.cli.test_command import regnet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system"),
]
SWEEP = ("run", "-m", "seed=range(40)", "epochs=20", "dataset.train_size=40", "dataset.test_size=30", "hydra.sweep.dir=here")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 300 kB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)], check=True)
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("launcher", [(), ("hydra/launcher=lockstep",)], ids=["basic", "lockstep"])
def test_a_sweep_continues_when_there_is_space(small: Path, launcher: tuple[str, ...]) -> None:
    full = regnet(small, *SWEEP, *launcher, "tracking=none")
    assert full.returncode == 2
    assert "No space left on device" in full.stderr
    assert "Traceback" not in full.stderr
    plan = read_plan(small / "here")
    assert plan
    finished = status_of(plan).finished
    assert 0 < finished < 40
    subprocess.run(["mount", "-o", "remount,size=30m", str(small)], check=True)
    assert regnet(small, "resume", "here").returncode == 0
    plan = read_plan(small / "here")
    assert plan
    assert status_of(plan).state == "finished"


def test_a_full_store_is_reported(small: Path) -> None:
    done = regnet(small, "run", "seeds=2", "epochs=5", "dataset.train_size=40", "dataset.test_size=30", "hydra.run.dir=here")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the MLflow store" in done.stderr
    assert "to write them to the store: regnet sync here" in done.stderr
