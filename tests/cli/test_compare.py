"""Checks `regnet compare` on stores that regnet has made: what it finds, what it says, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import regnet
from regnet.cli import main
from regnet.stats import Sample, compare, describe
from regnet.study.result import StudyResult
from regnet.tracking.ui.server import serving
from tests.conftest import Inside
from tests.measures import ERROR_RATE

SMALL = ["epochs=2", "dataset.train_size=40", "dataset.test_size=30"]
STUDIES = {
    "values": ["dataset=diabetes", "epochs=2", "seeds=2"],
    "entropy": ["loss=cross_entropy", "model.output=null", "seeds=2", *SMALL],
    "elsewhere": ["dataset.test_size=20", "dataset.train_size=40", "epochs=2", "seeds=6"],
    "broken": ["model.output=null", "optimizer.lr=100", "seeds=2", *SMALL],
    "unstable": ["model.output=null", "optimizer.lr=0.14", "epochs=3", "seeds=12", "dataset.train_size=200"],
    "stable": ["model.output=null", "optimizer.lr=0.001", "epochs=3", "seeds=12", "dataset.train_size=200"],
    "single": ["optimizer.lr=0.01", *SMALL],
    "slow": ["optimizer.lr=0.00001", "seeds=6", *SMALL],
    "slower": ["optimizer.lr=0.00002", "seeds=6", *SMALL],
    "fast": ["optimizer.lr=0.02", "seeds=6", "tracking.experiment=races", *SMALL],
}
"""By the name that each is given; the last one is the newest launch."""


class Store(NamedTuple):
    uri: str
    path: Path
    results: dict[str, StudyResult]


class Told(NamedTuple):
    code: int
    out: str
    err: str


Ask = Callable[..., Told]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("compare")
    uri = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        results = {name: regnet.run([f"study={name}", f"tracking.uri={uri}", *words]) for name, words in STUDIES.items()}
    return Store(uri, folder / "mlflow.db", results)


@pytest.fixture
def copied(store: Store, tmp_path: Path) -> Store:
    """The same, for a test to change."""
    path = Path(shutil.copy(store.path, tmp_path / "mlflow.db"))
    return Store(f"sqlite:///{path}", path, store.results)


@pytest.fixture
def ask(store: Store, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs the command on the store, or on another."""

    def asked(*words: str, uri: str = store.uri) -> Told:
        code = main(["compare", "--uri", uri, *words])
        return Told(code, *capsys.readouterr())

    return asked


def sample(result: StudyResult, metric: str = "test/error_rate") -> Sample:
    return Sample(result.name, result.seeds, result.history[metric][:, -1])


def test_numbers_are_those_of_the_runs(store: Store, ask: Ask) -> None:
    told = ask("slow", "fast", "--json")
    assert (told.code, told.err) == (0, "")
    found = json.loads(told.out)
    samples = [sample(store.results[name]) for name in ("slow", "fast")]
    measure = ERROR_RATE
    for one, study in zip(samples, found["studies"], strict=True):
        its = describe(one, np.random.default_rng(0), measure)
        assert (study["label"], study["n"], study["failed"]) == (one.name, 6, 0)
        assert {int(seed): value for seed, value in study["values"].items()} == one.by_seed
        assert (study["mean"], study["std"], study["median"]) == pytest.approx((its.mean, its.std, its.median))
        assert its.student
        assert study["student"] == pytest.approx([its.student.low, its.student.high])
        assert study["identity"] == store.results[one.name].identity
    (expected,) = compare(samples, measure)
    (one,) = found["comparisons"]
    assert (one["first"], one["second"], one["paired"], one["n"]) == ("slow", "fast", True, [6, 6])
    assert one["difference"]["value"] == pytest.approx(expected.difference.means.value)
    assert one["p"] == pytest.approx(expected.p)
    assert one["better"] == found["winner"] == "fast"
    assert [study["better_than"] for study in found["studies"]] == [[], ["slow"]]


def test_schema_of_json(ask: Ask) -> None:
    found = json.loads(ask("slow", "slower", "fast", "--json").out)
    keys = {"metric", "smaller_is_better", "rules", "studies", "comparisons", "best", "winner", "notes"}
    assert found.keys() == keys
    assert found["rules"] == {"test": "mean", "design": "by_seed", "incomplete": "refuse", "level": 0.95}
    for study in found["studies"]:
        assert study.keys() == {
            *("label", "study", "identity", "data", "n", "failed", "mean", "std", "standard_error", "median"),
            *("interquartile_mean", "student", "bootstrap", "better_than", "winner", "failures", "notes", "values"),
        }
    assert len(found["comparisons"]) == 3
    for one in found["comparisons"]:
        assert one.keys() == {
            *("first", "second", "n", "paired", "test", "difference", "hedges_g", "probability_first_better", "p", "p_alone"),
            *("family", "better", "gap_missed", "gap_found", "seeds_needed", "verdict", "notes"),
        }
        assert one["p"] is None or one["p_alone"] <= one["p"] <= 1


def test_text_has_tables_and_a_sentence_for_each_comparison(ask: Ask) -> None:
    told = ask("slow", "slower", "fast")
    assert told.code == 0
    assert "fast ★" in told.out
    assert "test error rate" in told.out
    sentences = [line for line in told.out.splitlines() if line.startswith("- ")]
    assert len(sentences) == 3
    flowing = " ".join(told.out.split())
    assert "'fast' is better than 'slow' by" in flowing
    assert "'slow' against 'slower': no difference" in flowing


def test_a_difference_that_is_not_shown_has_no_winner_and_tells_how_many_seeds_it_would_take(ask: Ask) -> None:
    flowing = " ".join(ask("stable", "unstable", "--incomplete", "drop").out.split())
    assert "'stable' against 'unstable': no difference shown (paired t, p = " in flowing
    assert re.search(r"as seen here, takes about \d+ seeds of each; seeds [\d, and more]+ of 'unstable' failed: left out", flowing)
    assert "★" not in flowing


@pytest.mark.parametrize(
    "word", [lambda store: "fast", lambda store: store.results["fast"].identity, lambda store: "regnet.engine=handbuilt"]
)
def test_a_study_is_found_by_what_it_is_called(store: Store, ask: Ask, word: Callable[[Store], str]) -> None:
    told = ask(word(store), "--experiment", "races", "--json")
    assert [study["label"] for study in json.loads(told.out)["studies"]] == ["fast"]


def test_without_words_it_is_the_newest_launch_and_a_single_study_has_nothing_to_be_compared_with(ask: Ask) -> None:
    told = ask()
    assert told.code == 0
    assert "fast" in told.out
    assert "There is nothing to compare it with" in told.out


def test_csv_has_a_line_for_each_study(store: Store, ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("slow", "fast", "--csv").out)))
    assert [row["label"] for row in rows] == ["slow", "fast"]
    mean = store.results["fast"].history["test/error_rate"][:, -1].mean()
    assert float(rows[1]["mean"]) == pytest.approx(mean)
    assert (rows[1]["better_than"], rows[1]["winner"], rows[0]["winner"]) == ("slow", "True", "False")
    assert float(rows[1]["student_low"]) <= mean <= float(rows[1]["student_high"])


def test_markdown_tables_are_rectangular(ask: Ask) -> None:
    out = ask("slow", "slower", "fast", "--markdown").out
    tables = re.findall(r"(?:^\|.*\n)+", out, re.MULTILINE)
    assert [len(table.splitlines()) for table in tables] == [5, 5]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "| fast ★ |" in out
    assert sum(line.startswith("- ") for line in out.splitlines()) == 3


def test_latex_tables_are_rectangular_and_escaped(ask: Ask) -> None:
    out = ask("slow", "fast", "--latex").out
    bodies = re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", out, re.DOTALL)
    assert len(bodies) == 2
    for columns, body in bodies:
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(lines) > 1
        assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {len(columns) - 1}
    assert re.search(r"(?<!\\)[%#_]", out) is None
    assert r"fast $\star$" in out
    assert not re.search(r"[±·★–]", out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["slowly"], "no study, launch or tag key=value is called 'slowly': the closest names are 'slow'"),
        (["slow", "mood=bad"], "is called 'mood=bad'"),
        (["slow", "--experiment", "race"], "did you mean 'races'?"),
        (["slow", "values"], "'slow' by test/error_rate, 'values' by test/rmse"),
        (["slow", "fast", "--metric", "test/rmse"], "'slow' and 'fast' did not measure 'test/rmse'"),
        (["slow", "fast", "--metric", "test/los"], "did you mean 'test/loss'?"),
        (["slow", "entropy", "--metric", "test/loss"], "'entropy' by cross_entropy"),
        (["slow", "elsewhere"], "a difference may come from the data alone"),
        (["stable", "unstable"], "failed. Run what is missing, or say what to do about it: 'drop'"),
        (["slow", "broken"], "study 'broken': all 2 seeds failed (the first: diverged in epoch 1"),
        (["broken"], "nothing was measured in 'broken': every seed failed (the first: diverged in epoch 1"),
        (["slow", "fast", "single"], "only one of the two has"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_compared_is_told_in_a_line(ask: Ask, words: list[str], message: str) -> None:
    told = ask(*words)
    assert (told.code, told.out) == (2, "")
    assert message in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlite:///{}/none.db", "there is no MLflow store"),
        ("http://127.0.0.1:9", "the MLflow server http://127.0.0.1:9 does not answer"),
    ],
)
def test_a_store_that_cannot_be_reached_is_told_in_a_line(ask: Ask, tmp_path: Path, uri: str, message: str) -> None:
    told = ask(uri=uri.format(tmp_path))
    assert told.code == 2
    assert message in told.err
    assert len(told.err.splitlines()) == 1


def test_a_store_of_an_older_schema_is_told_in_a_line(ask: Ask, copied: Store) -> None:
    with sqlite3.connect(copied.path) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    database.close()
    told = ask(uri=copied.uri)
    assert told.code == 2
    assert "out-of-date database schema" in told.err
    assert len(told.err.splitlines()) == 1


def test_data_may_differ_if_one_says_so(ask: Ask) -> None:
    told = ask("slow", "elsewhere", "--unpaired", "--json")
    (one,) = json.loads(told.out)["comparisons"]
    assert (told.code, one["paired"], one["test"]) == (0, False, "Welch's t")
    assert json.loads(ask("slow", "fast", "--test", "rank", "--json").out)["comparisons"][0]["test"] == "Wilcoxon's signed ranks"


def test_failed_seeds_are_shown_however_they_are_treated(store: Store, ask: Ask) -> None:
    failed = store.results["unstable"].failures
    assert 0 < len(failed) < 12
    for treatment, n in (("drop", 12 - len(failed)), ("worst", 12)):
        found = json.loads(ask("stable", "unstable", "--incomplete", treatment, "--json").out)
        unstable, (one,) = found["studies"][1], found["comparisons"]
        assert (unstable["n"], unstable["failed"]) == (12 - len(failed), len(failed))
        assert {int(seed): reason for seed, reason in unstable["failures"].items()} == failed
        assert one["n"] == [n, n]
        assert "failed" in one["notes"][0]


def test_a_study_that_failed_altogether_is_a_row_and_compared_with_nothing(ask: Ask) -> None:
    found = json.loads(ask("slow", "fast", "broken", "--incomplete", "drop", "--json").out)
    assert [(study["n"], study["failed"], study["mean"] is None) for study in found["studies"]][2] == (0, 2, True)
    assert len(found["comparisons"]) == 1
    assert found["winner"] == "fast"
    assert found["notes"] == ["every seed of 'broken' failed: it is compared with nothing"]
    assert "broken" in ask("slow", "fast", "broken", "--incomplete", "drop").out


def test_one_seed_gives_no_interval_and_says_so(ask: Ask) -> None:
    told = ask("slow", "single", "--unpaired")
    flowing = " ".join(told.out.split())
    assert "single: one seed only: it gives no interval" in flowing
    assert "nothing is shown: 6 and 1 seeds" in flowing
    assert "★" not in told.out


def test_a_study_under_two_launches_is_one_with_each_seed_once(copied: Store, ask: Ask) -> None:
    words = [*STUDIES["slow"], "seeds=[4,5,6,7]"]
    again = regnet.run(["study=slow", f"tracking.uri={copied.uri}", *words])
    assert again.identity == copied.results["slow"].identity
    found = json.loads(ask("slow", "--json", uri=copied.uri).out)
    (study,) = found["studies"]
    assert [int(seed) for seed in study["values"]] == list(range(8))
    (note,) = found["notes"]
    assert re.search(r"'slow' \(\w{12}\) was run in 2 launches \(python/\S+, python/\S+\): its 8 seeds are combined", note)
    assert "seeds run more than once (2) are counted once" in note


def test_the_same_seed_with_another_outcome_is_told(copied: Store, ask: Ask) -> None:
    regnet.run(["study=slow", f"tracking.uri={copied.uri}", *STUDIES["slow"], "seeds=1"])
    with sqlite3.connect(copied.path) as database:
        newest = "SELECT run_uuid FROM runs WHERE name LIKE 'slow%seed 0' ORDER BY start_time DESC LIMIT 1"
        (run,) = database.execute(newest).fetchone()
        database.execute("UPDATE latest_metrics SET value = 0.5 WHERE run_uuid = ? AND key = 'final/test/error_rate'", (run,))
    database.close()
    found = json.loads(ask("slow", "--json", uri=copied.uri).out)
    assert found["studies"][0]["values"]["0"] == 0.5
    assert "gave different results when run again, for example with seed 0" in found["notes"][1]


@pytest.mark.slow
def test_a_server_gives_the_same(copied: Store, ask: Ask) -> None:
    here = ask("slow", "slower", "fast", "--json", uri=copied.uri)
    with serving(copied.uri, 0) as server:
        server.wait_until_ready()
        there = ask("slow", "slower", "fast", "--json", uri=server.url.rstrip("/"))
        nothing = ask("slowest", uri=server.url.rstrip("/"))
    assert there == here
    assert "the closest names are" in nothing.err


def test_a_sweep_is_labelled_by_what_differs_and_found_by_its_launch(tmp_path: Path, inside: Inside) -> None:
    def command(*words: str) -> str:
        told = inside(*words)
        assert told.code == 0, told.stderr
        return told.stdout

    command("run", "-m", "seeds=3", "optimizer.lr=range(0.001,0.008,0.001)", "tracking.uri=sqlite:///mlflow.db", *SMALL)
    (launch,) = (str(path.relative_to(tmp_path)) for path in tmp_path.glob("multirun/*/*"))
    found: dict[str, Any] = json.loads(command("compare", launch, "--json"))
    assert [study["label"] for study in found["studies"]] == [f"lr=0.00{digit}" for digit in range(1, 8)]
    assert len(found["comparisons"]) == 6  # with the best alone
    assert {one["first"] for one in found["comparisons"]} == {found["best"]}
    means = {study["label"]: study["mean"] for study in found["studies"]}
    assert means[found["best"]] == min(means.values())
    assert {one["family"] for one in found["comparisons"] if one["p"] is not None} <= set(range(15, 22))
    text = " ".join(command("compare").split())
    assert f"compared with the best alone, {found['best']}" in text
    (study,) = json.loads(command("compare", "lr=0.003", "--json"))["studies"]
    assert study["values"] == found["studies"][2]["values"]
