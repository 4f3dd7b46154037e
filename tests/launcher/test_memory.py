"""The memory of a long sweep: a job that has run leaves almost nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from regnet.registry.selection import VARIABLE

PER_JOB = 20_000
"""The memory that a finished job may leave, in bytes: its configurations take more than 100,000."""
SCRIPT = """
import gc, sys, tracemalloc
from regnet.launcher import task
from regnet.cli import main
import regnet.launcher.lockstep_launch as lockstep

sizes = []

def watched(original):
    def keep_result(result):
        if len(sizes) in (10, 40):
            gc.collect()
        if len(sizes) == 10:
            tracemalloc.start()
        if len(sizes) == 40:
            print("PER JOB", tracemalloc.get_traced_memory()[0] / 30)
            tracemalloc.stop()
        sizes.append(None)
        return original(result)
    return keep_result

task.keep_result = watched(task.keep_result)
lockstep.keep_result = watched(lockstep.keep_result)
sys.exit(main(sys.argv[1:]))
"""
WORDS = (
    "run",
    "-m",
    "seed=range(45)",
    "epochs=1",
    "dataset.train_size=20",
    "dataset.test_size=20",
    "tracking=none",
    "report=none",
)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("launcher", [(), ("hydra/launcher=lockstep",)], ids=["basic", "lockstep"])
def test_a_finished_job_leaves_almost_nothing(tmp_path: Path, launcher: tuple[str, ...]) -> None:
    environment = os.environ | {VARIABLE: "regnet-lockstep"}
    words = [sys.executable, "-c", SCRIPT, *WORDS, *launcher]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("PER JOB"))
    assert float(line.split()[-1]) < PER_JOB
