"""As many seeds as it takes: which studies get more seeds, what each look shows, and how often it errs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regnet.errors import ConfigError, DamagedFile
from regnet.launch_folder.looks import LOOKS, Closed, Looks, count_looks, read_looks, schedule
from regnet.report.assessment import assess
from regnet.report.sequential import describe_look, look_at
from regnet.report.tables.sequential import sequential_tables
from regnet.study.result import StudyResult
from tests.conftest import RunStudy


@pytest.fixture(scope="module")
def trained(run: RunStudy) -> StudyResult:
    """A study with ``seeds=auto``, whose values tests replace."""
    return run("seeds=auto", "epochs=1", "dataset.train_size=20", "dataset.test_size=20", "batch_size=10")


def study(trained: StudyResult, name: str, values: Sequence[float], failures: Mapping[int, str] | None = None) -> StudyResult:
    """A study with the values as the last error rates of the seeds from 0."""
    n = len(values)
    config = {**trained.config, "optimizer": {**trained.config["optimizer"], "lr": len(name) / 100}, "study": name}
    return replace(
        trained,
        name=name,
        identity=name,
        config=config,
        seeds=tuple(range(n)),
        history={"test/error_rate": np.array(values, dtype=float)[:, None]},
        failures=dict(failures or {}),
        seconds=np.ones(n),
        together=np.ones(n, dtype=int),
    )


def test_seeds_double_up_to_the_most() -> None:
    table = {100: (5, 10, 20, 40, 80, 100), 40: (5, 10, 20, 40), 44: (5, 10, 20, 44), 7: (5, 7), 6: (6,), 5: (5,), 2: (2,)}
    assert {most: schedule(most) for most in table} == table
    for most in range(5, 300):
        numbers = schedule(most)
        assert numbers[-1] == most
        assert all(count_looks(n) >= look for look, n in enumerate(numbers, start=1)), "never fewer looks than there were"


def test_a_clear_difference_ends_the_sweep(trained: StudyResult) -> None:
    looks = Looks((5, 10, 20), gap=1.0, power=0.8)
    results = [study(trained, "a", [0.01, 0.012, 0.011, 0.013, 0.009]), study(trained, "bb", [0.2, 0.21, 0.19, 0.205, 0.202])]
    found = look_at(results, looks)
    (closed,) = found.closed
    assert (closed.outcome, closed.better, closed.seeds) == ("decided", "a", 5)
    assert found.ended
    assert found.stopped == {"a": 5, "bb": 5}
    assert describe_look(looks, found) == (
        "Look 1 of at most 3, with 5 seeds: 1 new difference is shown, 0 comparisons closed; no more seeds are needed"
    )
    (table,) = sequential_tables(results, found)
    assert table.title == "As many seeds as it takes: 5 of at most 20. 'a' is the best"
    assert table.rows[0][:2] == ("a against bb", "the first is better")


def test_a_worse_study_stops_and_the_others_continue(trained: StudyResult) -> None:
    looks = Looks((5, 10, 20), gap=0.5, power=0.8)
    rng = np.random.default_rng(0)
    near = [study(trained, name, rng.normal(0.05, 0.01, 5)) for name in ("a", "bb")]
    results = [*near, study(trained, "ccc", rng.normal(0.4, 0.001, 5))]
    found = look_at(results, looks)
    assert found.stopped == {"ccc": 5}
    assert found.seeds_of("a") == 10
    assert not found.ended
    assert "next: 10 seeds where others are open" in describe_look(looks, found)


def test_equal_values_and_failed_seeds(trained: StudyResult) -> None:
    """Equal values give up the gap, and a failed seed counts as the worst value: an error rate of 1."""
    looks = Looks((5, 10), gap=0.5, power=0.8)
    same = [study(trained, name, [0.1] * 5) for name in ("a", "bb")]
    assert {closed.outcome for closed in look_at(same, looks).closed} <= {"futile", "equal"}
    failed = study(trained, "ccc", [np.nan] * 5, dict.fromkeys(range(5), "diverged: the loss is NaN"))
    found = look_at([study(trained, "a", [0.1, 0.11, 0.1, 0.11, 0.1]), failed], looks)
    assert [closed.better for closed in found.closed] == ["a"]
    (table,) = sequential_tables([same[0], failed], found)
    assert "A failed seed counts as the worst value." in table.notes


def test_a_single_study_is_refused(trained: StudyResult) -> None:
    with pytest.raises(ConfigError, match="no two of this sweep are measured on the same data"):
        look_at([study(trained, "a", [0.1] * 5)], Looks((5, 10), gap=0.5, power=0.8))


def test_the_state_is_kept(tmp_path: Path) -> None:
    looks = Looks((5, 10), 0.2, 0.9, 1, {"a": 5}, (Closed("a", "b", "decided", 5, 0.001, 0.002, -1.0, -0.5, "a"),))
    assert read_looks(tmp_path) is None
    looks.write(tmp_path)
    assert read_looks(tmp_path) == looks
    (tmp_path / LOOKS).write_text("{}")
    with pytest.raises(DamagedFile, match="remove it to look at the values anew"):
        read_looks(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 4])
def test_equal_studies_are_seldom_called_different(trained: StudyResult, k: int) -> None:
    """In at most 5 of 100 sweeps of k equal studies, by the looks themselves and, tried for two, by a later `compare`."""
    rng, trials = np.random.default_rng(k), 300
    shown = later = 0
    for _ in range(trials):
        values = rng.normal(0.05, 0.01, (k, 40))
        looks = Looks(schedule(40), gap=1.0, power=0.8)
        while not looks.ended:
            results = [study(trained, "x" * (i + 1), values[i][: looks.seeds_of("x" * (i + 1))]) for i in range(k)]
            looks = look_at(results, looks)
        shown += any(closed.better for closed in looks.closed)
        later += k == 2 and any(pair.better for pair in assess(results, "test/error_rate").comparisons)
    allowed = 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    assert shown / trials <= allowed
    assert later / trials <= allowed


@pytest.mark.slow
def test_a_gap_is_found_with_the_power(trained: StudyResult) -> None:
    """A true difference of the gap ends as given up in at most 1 - power of the sweeps."""
    rng, trials = np.random.default_rng(1), 300
    given_up = 0
    for _ in range(trials):
        values = rng.normal([[0.05], [0.06]], 0.01, (2, 80))
        looks = Looks(schedule(80), gap=1.0, power=0.8)
        while not looks.ended:
            looks = look_at([study(trained, "x" * (i + 1), values[i][: looks.seeds_of("x" * (i + 1))]) for i in range(2)], looks)
        given_up += looks.closed[0].outcome in ("futile", "equal")
    assert given_up / trials <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / trials)
