"""A study of which some seeds cannot be trained: what the command shows, what it keeps, and how it exits."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from regnet.study.storage import find_results, load_result
from tests.cli.test_command import regnet

PLUGIN = Path(__file__).parents[1] / "plugins" / "troubled.py"
WORDS = ("run", "--plugin", str(PLUGIN), "dataset=troubled", "dataset.trouble=some", "seeds=8", "epochs=2")


@pytest.mark.slow
@pytest.mark.parametrize("replicas", ["lockstep", pytest.param("solo", marks=pytest.mark.long)])
def test_seeds_that_cannot_be_trained_are_failed_seeds_everywhere(replicas: str, tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    done = regnet(tmp_path, *WORDS, f"replicas={replicas}", "report=figures" if replicas == "solo" else "report=table")
    assert done.returncode == 1, done.stderr
    (folder,) = find_results(tmp_path)
    result = load_result(folder)
    failed = sorted(result.faults)
    assert 0 in failed, "the first seed is one of them, by which sizes are usually found"
    assert f"{8 - len(failed)} ({len(failed)} failed)" in done.stdout
    for seed in failed:
        assert f"seed {seed} TroubleError: no such file" in done.stderr
    compared = regnet(tmp_path, "compare").stdout
    assert f"{len(failed)} of 8 seeds failed and are not in these numbers" in compared
    rows = list(csv.DictReader(io.StringIO(regnet(tmp_path, "results").stdout)))
    assert sorted(int(row["seed"]) for row in rows) == list(range(8))
    assert {int(row["seed"]): row["failure"] for row in rows if row["status"] == "FAILED"} == result.faults


@pytest.mark.slow
def test_a_study_without_a_seed_that_can_be_trained_ends_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    done = regnet(tmp_path, *WORDS, "seeds=1", "tracking=none")
    assert done.returncode == 1
    assert "TroubleError: no such file" in done.stderr
    assert not list(find_results(tmp_path))
