"""A network that learned nothing is named, with the reason, wherever its result is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

import regnet
from regnet.report.tables.results import comparison
from regnet.study.result import by_study
from regnet.study.storage import load_result
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import connect
from regnet.training.learning import CONSTANT, NO_BETTER
from tests.conftest import Inside

QUICK = ["tracking=none", "report=none", "dataset.test_size=200"]
DEAD = ["model.initializer={name: constant, value: -1.0}", "model.output=null"]
"""The inputs are not centered, so that every unit of the first layer is negative for all of them."""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_workers_report_the_notes_and_what_was_automatic(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = regnet.run([*QUICK, "seeds=8", "epochs=2", "workers=1"])
    monkeypatch.setattr("regnet.training.lockstep.WORTHWHILE", 1e-4)
    monkeypatch.setattr("regnet.training.lockstep.FEW", 4)
    shared = regnet.run([*QUICK, "seeds=8", "epochs=2", "workers=2"])
    assert set(shared.together.tolist()) == {4}
    assert (shared.notes, shared.automatic) == (alone.notes, alone.automatic)
    assert shared.automatic[0] == "loss"


def test_a_dead_network() -> None:
    result = regnet.run([*QUICK, *DEAD, "normalization=none", "seeds=2", "epochs=2"])
    assert result.unlearned == {0: CONSTANT, 1: CONSTANT}
    assert result.of(1).unlearned == {1: CONSTANT}
    (other,) = by_study([result.of(1), result.of(0)])
    assert other.unlearned == result.unlearned


def test_classes_no_better_than_the_most_frequent() -> None:
    result = regnet.run([*QUICK, "optimizer.lr=1e-30", "epochs=1", "seeds=8"])
    worse = {seed for seed, error in zip(result.seeds, result.history["test/error_rate"][:, -1], strict=True) if error > 0.55}
    assert worse
    assert worse <= result.unlearned.keys()
    assert set(result.unlearned.values()) == {NO_BETTER["classification"]}


def test_a_network_right_once_more_often_than_the_most_frequent_class() -> None:
    """Seed 5027 of the paper's experiment gives one class for all test examples but one: 506 are wrong, and 507 would be."""
    result = regnet.run(["tracking=none", "report=none", "seeds=2", "seed=5026"])
    assert result.unlearned == {5027: NO_BETTER["classification"]}


def test_values_no_better_than_their_mean() -> None:
    result = regnet.run(["tracking=none", "report=none", "dataset=diabetes", "optimizer.lr=1e-30", "epochs=1", "seeds=3"])
    assert result.unlearned == dict.fromkeys(range(3), NO_BETTER["regression"])


@pytest.mark.parametrize("words", [["dataset=disc", "epochs=30", "optimizer=adam"], ["dataset=diabetes", "epochs=30"]])
def test_nothing_is_said_of_a_network_that_learned(words: list[str]) -> None:
    assert regnet.run(["tracking=none", "report=none", "seeds=3", *words]).unlearned == {}


def test_a_seed_that_diverged_has_failed_and_nothing_else() -> None:
    result = regnet.run([*QUICK, "optimizer.lr=1e30", "model.output=null", "epochs=3"])
    assert result.failures.keys() == {0}
    assert result.unlearned == {}


def test_the_table_and_the_result_file_have_it(inside: Inside, tmp_path: Path) -> None:
    words = [*QUICK, *DEAD, "normalization=none", "seeds=12", "epochs=1", "report=table", "hydra.run.dir=here"]
    done = inside("run", *words)
    assert done.code == 0, done.stderr
    first = done.stdout.splitlines()[1]
    assert first.startswith("Results: Seeds 0 (")
    whole = " ".join(done.stdout.split())
    assert "…: 12 runs of 12 (100 %, 95 % interval 74 to 100 %) did not learn (the same outputs for all inputs)." in whole
    result = load_result(tmp_path / "here")
    assert result.unlearned == dict.fromkeys(range(12), CONSTANT)
    assert comparison([result]).title.startswith("Results: Seeds 0 (")


def test_a_store_has_it() -> None:
    result = regnet.run([*DEAD, "normalization=none", "seeds=2", "epochs=1", "dataset.test_size=200", "report=none"])
    store = connect()
    (read,) = read_launch(store, "regnet", newest_launch(store, "regnet"))
    assert read.unlearned == result.unlearned == dict.fromkeys(range(2), CONSTANT)
