"""`regnet compare` on stores that regnet wrote: its results, output formats and errors."""

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
"""The overrides of each study by name; the last is the newest launch."""


class Store(NamedTuple):
    uri: str
    path: Path
    results: dict[str, StudyResult]


class Output(NamedTuple):
    code: int
    stdout: str
    stderr: str


RunCompare = Callable[..., Output]


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
    """A copy of the store, which a test may change."""
    path = Path(shutil.copy(store.path, tmp_path / "mlflow.db"))
    return Store(f"sqlite:///{path}", path, store.results)


@pytest.fixture
def run_compare(store: Store, capsys: pytest.CaptureFixture[str]) -> RunCompare:
    """Runs the command on the store, or on another store."""

    def run_command(*words: str, uri: str = store.uri) -> Output:
        code = main(["compare", "--uri", uri, *words])
        return Output(code, *capsys.readouterr())

    return run_command


def sample(result: StudyResult, metric: str = "test/error_rate") -> Sample:
    return Sample(result.name, result.seeds, result.history[metric][:, -1])


def test_numbers_agree_with_the_runs(store: Store, run_compare: RunCompare) -> None:
    output = run_compare("slow", "fast", "--json")
    assert (output.code, output.stderr) == (0, "")
    found = json.loads(output.stdout)
    samples = [sample(store.results[name]) for name in ("slow", "fast")]
    measure = ERROR_RATE
    for measured, study in zip(samples, found["studies"], strict=True):
        summary = describe(measured, np.random.default_rng(0), measure)
        assert (study["label"], study["n"], study["failed"]) == (measured.name, 6, 0)
        assert {int(seed): value for seed, value in study["values"].items()} == measured.by_seed
        assert (study["mean"], study["std"], study["median"]) == pytest.approx((summary.mean, summary.std, summary.median))
        assert summary.student
        assert study["student"] == pytest.approx([summary.student.low, summary.student.high])
        assert study["identity"] == store.results[measured.name].identity
    (expected,) = compare(samples, measure)
    (comparison,) = found["comparisons"]
    assert (comparison["first"], comparison["second"], comparison["paired"], comparison["n"]) == ("slow", "fast", True, [6, 6])
    assert comparison["difference"]["value"] == pytest.approx(expected.difference.means.value)
    assert comparison["p"] == pytest.approx(expected.p)
    assert comparison["better"] == found["winner"] == "fast"
    assert [study["better_than"] for study in found["studies"]] == [[], ["slow"]]


def test_schema_of_json(run_compare: RunCompare) -> None:
    found = json.loads(run_compare("slow", "slower", "fast", "--json").stdout)
    keys = {"metric", "smaller_is_better", "rules", "studies", "comparisons", "best", "winner", "notes"}
    assert found.keys() == keys
    assert found["rules"] == {
        "test": "mean",
        "design": "by_seed",
        "incomplete": "refuse",
        "rope": None,
        "baseline": None,
        "level": 0.95,
    }
    for study in found["studies"]:
        assert study.keys() == {
            *("label", "study", "identity", "data", "population", "n", "failed", "undefined", "unlearned", "far_from_rest", "mean"),
            *("std", "standard_error", "median", "middle_interval"),
            *("interquartile_mean", "student", "bootstrap", "better_than", "winner", "failures", "notes", "values"),
        }
    assert len(found["comparisons"]) == 3
    for comparison in found["comparisons"]:
        assert comparison.keys() == {
            *("first", "second", "n", "paired", "test", "difference", "hedges_g", "probability_first_better", "p", "p_alone"),
            *("interval_alone", "equivalence", "family", "better", "gap_missed", "gap_found", "fewest_seeds", "verdict", "notes"),
        }
        assert comparison["p"] is None or comparison["p_alone"] <= comparison["p"] <= 1


def test_text_output(run_compare: RunCompare) -> None:
    output = run_compare("slow", "slower", "fast")
    assert output.code == 0
    assert "fast ★" in output.stdout
    assert "test error rate" in output.stdout
    sentences = [line for line in output.stdout.splitlines() if line.startswith("- ")]
    assert len(sentences) == 3
    flowing = " ".join(output.stdout.split())
    assert "'fast' is better than 'slow' by" in flowing
    assert "'slow' against 'slower': no difference" in flowing


def test_sentence_without_a_shown_difference(run_compare: RunCompare) -> None:
    flowing = " ".join(run_compare("stable", "unstable", "--incomplete", "drop").stdout.split())
    assert "'stable' against 'unstable': no difference shown (paired t, p = " in flowing
    assert re.search(
        r"points found 4 times in 5, if other seeds vary as these do; seeds [\d, and more]+ of 'unstable' failed: left out", flowing
    )
    assert "★" not in flowing


@pytest.mark.parametrize(
    "word", [lambda store: "fast", lambda store: store.results["fast"].identity, lambda store: "regnet.engine=handbuilt"]
)
def test_names_of_a_study(store: Store, run_compare: RunCompare, word: Callable[[Store], str]) -> None:
    output = run_compare(word(store), "--experiment", "races", "--json")
    assert [study["label"] for study in json.loads(output.stdout)["studies"]] == ["fast"]


def test_default_is_the_newest_launch(run_compare: RunCompare) -> None:
    output = run_compare()
    assert output.code == 0
    assert "fast" in output.stdout
    assert "There is nothing to compare it with" in output.stdout


def test_csv_output(store: Store, run_compare: RunCompare) -> None:
    rows = list(csv.DictReader(io.StringIO(run_compare("slow", "fast", "--csv").stdout)))
    assert [row["label"] for row in rows] == ["slow", "fast"]
    mean = store.results["fast"].history["test/error_rate"][:, -1].mean()
    assert float(rows[1]["mean"]) == pytest.approx(mean)
    assert (rows[1]["better_than"], rows[1]["winner"], rows[0]["winner"]) == ("slow", "True", "False")
    assert float(rows[1]["student_low"]) <= mean <= float(rows[1]["student_high"])


def test_markdown_tables_are_rectangular(run_compare: RunCompare) -> None:
    out = run_compare("slow", "slower", "fast", "--markdown").stdout
    tables = re.findall(r"(?:^\|.*\n)+", out, re.MULTILINE)
    assert [len(table.splitlines()) for table in tables] == [5, 5]
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "| fast ★ |" in out
    assert sum(line.startswith("- ") for line in out.splitlines()) == 3


def test_latex_tables_are_rectangular_and_escaped(run_compare: RunCompare) -> None:
    out = run_compare("slow", "fast", "--latex").stdout
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
        (["slowly"], "no study, launch, or tag or setting key=value is called 'slowly': the closest names are 'slow'"),
        (["slow", "mood=bad"], "is called 'mood=bad'"),
        (["slow", "--experiment", "race"], "did you mean 'races'?"),
        (["slow", "values"], "'slow' by test/error_rate, 'values' by test/rmse"),
        (["slow", "fast", "--metric", "test/rmse"], "'slow' and 'fast' did not measure 'test/rmse'"),
        (["slow", "fast", "--metric", "test/los"], "did you mean 'test/loss'?"),
        (["slow", "entropy", "--metric", "test/loss"], "'entropy' by cross_entropy"),
        (["slow", "elsewhere"], "a difference may come from the data alone"),
        (["stable", "unstable"], "'unstable' is not compared, since seeds are missing: seed "),
        (["slow", "broken"], "'broken' is not compared, since seeds are missing: seed 0 diverged in epoch 1"),
        (["slow", "fast", "--baseline", "slowe"], "--baseline: no study is called 'slowe': did you mean 'slow'?"),
        (["slow", "fast", "--rope", "-1"], "a region of practical equivalence has a size above 0; got -1"),
        (["broken"], "nothing was measured in 'broken': every seed failed (the first: diverged in epoch 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_of_studies(run_compare: RunCompare, words: list[str], message: str) -> None:
    output = run_compare(*words)
    assert (output.code, output.stdout) == (2, "")
    assert message in output.stderr
    assert len(output.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlite:///{}/none.db", "there is no MLflow store"),
        ("http://127.0.0.1:9", "the MLflow server http://127.0.0.1:9 does not answer"),
    ],
)
def test_errors_of_stores(run_compare: RunCompare, tmp_path: Path, uri: str, message: str) -> None:
    output = run_compare(uri=uri.format(tmp_path))
    assert output.code == 2
    assert message in output.stderr
    assert len(output.stderr.splitlines()) == 1


def test_error_of_an_older_schema(run_compare: RunCompare, copied: Store) -> None:
    with sqlite3.connect(copied.path) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    database.close()
    output = run_compare(uri=copied.uri)
    assert output.code == 2
    assert "out-of-date database schema" in output.stderr
    assert len(output.stderr.splitlines()) == 1


def test_unpaired_studies_may_have_different_data(run_compare: RunCompare) -> None:
    output = run_compare("slow", "elsewhere", "--unpaired", "--json")
    (comparison,) = json.loads(output.stdout)["comparisons"]
    assert (output.code, comparison["paired"], comparison["test"]) == (0, False, "Welch's t")
    (comparison,) = json.loads(run_compare("slow", "fast", "--test", "rank", "--json").stdout)["comparisons"]
    assert comparison["test"] == "Wilcoxon's signed ranks"


def test_failed_seeds_are_always_shown(store: Store, run_compare: RunCompare) -> None:
    failed = store.results["unstable"].failures
    assert 0 < len(failed) < 12
    for treatment, n in (("drop", 12 - len(failed)), ("worst", 12)):
        found = json.loads(run_compare("stable", "unstable", "--incomplete", treatment, "--json").stdout)
        unstable, (comparison,) = found["studies"][1], found["comparisons"]
        assert (unstable["n"], unstable["failed"]) == (n, len(failed))
        assert ("worst" in unstable["notes"][0]) == (treatment == "worst")
        assert {int(seed): reason for seed, reason in unstable["failures"].items()} == failed
        assert comparison["n"] == [n, n]
        assert "failed" in comparison["notes"][0]


def test_study_whose_seeds_all_failed(run_compare: RunCompare) -> None:
    found = json.loads(run_compare("slow", "fast", "broken", "--incomplete", "drop", "--json").stdout)
    assert [(study["n"], study["failed"], study["mean"] is None) for study in found["studies"]][2] == (0, 2, True)
    assert len(found["comparisons"]) == 1
    assert found["winner"] == "fast"
    assert found["notes"] == ["'broken' has no value: seed 0 diverged in epoch 1: the loss is no longer finite (and 1 more)"]
    assert "broken" in run_compare("slow", "fast", "broken", "--incomplete", "drop").stdout


def test_a_study_with_fewer_seeds_or_failures_does_not_keep_others_from_being_compared(run_compare: RunCompare) -> None:
    found = json.loads(run_compare("slow", "fast", "single", "broken", "--json").stdout)
    assert len(found["comparisons"]) == 3
    assert found["notes"][0].startswith("'broken' is not compared, since seeds are missing")
    assert any("only one of the two has: left out" in note for pair in found["comparisons"] for note in pair["notes"])


def test_a_baseline_and_a_region_of_equivalence(run_compare: RunCompare) -> None:
    found = json.loads(run_compare("slow", "slower", "fast", "--baseline", "slower", "--rope", "0.5", "--json").stdout)
    assert [(pair["first"], pair["second"]) for pair in found["comparisons"]] == [("slower", "slow"), ("slower", "fast")]
    sums = [sum(pair["equivalence"][side] for side in ("below", "within", "above")) for pair in found["comparisons"]]
    assert sums == pytest.approx([1, 1])
    said = run_compare("slow", "fast", "--rope", "0.5").stdout
    assert "with a region of practical equivalence of ± 0.5 points" in " ".join(said.split())


def test_what_the_runs_vary_in_is_said(run_compare: RunCompare) -> None:
    said = (
        "The runs vary in the examples (drawn anew for every seed) and the initial weights; each is measured on 30 test examples."
    )
    for form in ((), ("--markdown",), ("--latex",)):
        assert said in " ".join(run_compare("slow", "fast", *form).stdout.split())
    assert {study["population"] for study in json.loads(run_compare("slow", "fast", "--json").stdout)["studies"]} == {said}


@pytest.mark.parametrize(
    "words",
    [
        ["optimizer.lr=0.02", "optimizer.lr=1e-5"],
        ["fast", "optimizer.lr=0.00001"],
        ["optimizer.lr=0.02", "loss=cross_entropy"],
    ],
)
def test_studies_are_selected_by_their_settings(run_compare: RunCompare, words: list[str]) -> None:
    found = json.loads(run_compare(*words, "--json").stdout)
    assert {study["study"] for study in found["studies"]} == ({"fast", "entropy"} if "loss" in words[1] else {"fast", "slow"})


def test_single_seed_has_no_interval(run_compare: RunCompare) -> None:
    output = run_compare("slow", "single", "--unpaired")
    flowing = " ".join(output.stdout.split())
    assert "single: one seed only: it gives no interval" in flowing
    assert "nothing is shown: 6 and 1 seeds" in flowing
    assert "★" not in output.stdout


def test_study_in_two_launches_is_united(copied: Store, run_compare: RunCompare) -> None:
    words = [*STUDIES["slow"], "seeds=[4,5,6,7]"]
    again = regnet.run(["study=slow", f"tracking.uri={copied.uri}", *words])
    assert again.identity == copied.results["slow"].identity
    found = json.loads(run_compare("slow", "--json", uri=copied.uri).stdout)
    (study,) = found["studies"]
    assert [int(seed) for seed in study["values"]] == list(range(8))
    note, added = found["notes"]
    assert re.search(r"'slow' \(\w{12}\) was run in 2 launches \(outputs/\S+, outputs/\S+\): its 8 seeds are combined", note)
    assert "seeds run more than once (2) are counted once" in note
    assert added.startswith(
        "seeds were added later, in 2 steps: if they were added because of the values, about 8 of 100 equal studies"
    )


def test_different_results_of_a_seed_are_reported(copied: Store, run_compare: RunCompare) -> None:
    regnet.run(["study=slow", f"tracking.uri={copied.uri}", *STUDIES["slow"], "seeds=1"])
    with sqlite3.connect(copied.path) as database:
        newest = "SELECT run_uuid FROM runs WHERE name LIKE 'slow%seed 0' ORDER BY start_time DESC LIMIT 1"
        (run,) = database.execute(newest).fetchone()
        database.execute("UPDATE latest_metrics SET value = 0.5 WHERE run_uuid = ? AND key = 'final/test/error_rate'", (run,))
    database.close()
    found = json.loads(run_compare("slow", "--json", uri=copied.uri).stdout)
    assert found["studies"][0]["values"]["0"] == 0.5
    assert "gave different results when run again, for example with seed 0" in found["notes"][1]


@pytest.mark.slow
def test_server_gives_the_same_result(copied: Store, run_compare: RunCompare) -> None:
    here = run_compare("slow", "slower", "fast", "--json", uri=copied.uri)
    with serving(copied.uri, 0) as server:
        server.wait_until_ready()
        there = run_compare("slow", "slower", "fast", "--json", uri=server.url.rstrip("/"))
        nothing = run_compare("slowest", uri=server.url.rstrip("/"))
    assert there == here
    assert "the closest names are" in nothing.stderr


@pytest.mark.slow
def test_labels_and_launch_of_a_sweep(tmp_path: Path, inside: Inside) -> None:
    def command(*words: str) -> str:
        output = inside(*words)
        assert output.code == 0, output.stderr
        return output.stdout

    command("run", "-m", "seeds=3", "optimizer.lr=range(0.001,0.008,0.001)", "tracking.uri=sqlite:///mlflow.db", *SMALL)
    (launch,) = (str(path.relative_to(tmp_path)) for path in tmp_path.glob("multirun/*/*"))
    found: dict[str, Any] = json.loads(command("compare", launch, "--json"))
    assert [study["label"] for study in found["studies"]] == [f"lr=0.00{digit}" for digit in range(1, 8)]
    assert len(found["comparisons"]) == 6  # only with the best
    assert {comparison["first"] for comparison in found["comparisons"]} == {found["best"]}
    means = {study["label"]: study["mean"] for study in found["studies"]}
    assert means[found["best"]] == min(means.values())
    assert {comparison["family"] for comparison in found["comparisons"] if comparison["p"] is not None} <= set(range(15, 22))
    text = " ".join(command("compare").split())
    assert f"the others are compared with the best, {found['best']}. It was chosen by these same values" in text
    (study,) = json.loads(command("compare", "lr=0.003", "--json"))["studies"]
    assert study["values"] == found["studies"][2]["values"]
