"""`regnet variance`: what it trains, what it reads, and which studies it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.report.tables.variance import sources_table, sources_verdict
from regnet.report.variance import Sources, assess_sources
from regnet.rng import Source
from regnet.stats import SampleError
from regnet.stats.variance_shares import design, variance_shares
from regnet.study.population import Population
from regnet.study.result import StudyResult
from regnet.study.storage import load_result
from tests.conftest import Inside
from tests.measures import MEASURES

QUICK = ["epochs=3", "dataset.train_size=60", "dataset.test_size=100"]
SOURCES: tuple[Source, ...] = ("data", "init", "order")
SEEDS = tuple(range(8))
POPULATION = Population("draws", SOURCES, train=60, validation=0, test=100)


def study(values: np.ndarray, shifts: dict[Source, int | str], **changes: object) -> StudyResult:
    """A study with the final values ``(n,)``."""
    made = StudyResult(
        name="study",
        identity=str(shifts),
        config={"dataset": {"name": "disc"}, "epochs": 3, "streams": shifts},
        seeds=SEEDS[: len(values)],
        history={"test/error_rate": values[:, None]},
        together=np.ones(len(values)),
        seconds=np.ones(len(values)),
        failures={},
        measures=MEASURES,
        headline="test/error_rate",
        population=POPULATION,
    )
    return replace(made, **changes)


def launch(values: np.ndarray | None = None, shift: int = 1_000_000, **changes: object) -> list[StudyResult]:
    """The studies of a launch with three sources, and the values ``(5, n)`` or any."""
    rows = design(len(SOURCES))
    if values is None:
        first, other = np.random.default_rng(0).normal(size=(2, len(SEEDS), len(SOURCES)))
        values = np.stack([0.1 + 0.01 * np.where(row, other, first) @ [1.0, 0.5, 0.1] for row in rows])
    named = [{source: f"seed+{shift}" for source, other in zip(SOURCES, row, strict=True) if other} for row in rows]
    return [study(each, shifts, **changes) for each, shifts in zip(values, named, strict=True)]


# From studies to shares


def test_shares_of_studies_in_any_order() -> None:
    results = launch()
    found = assess_sources(results)
    values = np.stack([result.history["test/error_rate"][:, 0] for result in results])
    assert found.sources == SOURCES
    assert found.found.sources == variance_shares(values, design(3)).sources
    assert assess_sources(results[::-1]).found.sources == found.found.sources


def test_seeds_that_a_study_lacks_are_left_out_everywhere() -> None:
    results = launch()
    ends = results[2].history["test/error_rate"].copy()
    ends[3] = np.nan
    results[2] = replace(results[2], history={"test/error_rate": ends}, failures={3: "diverged in epoch 2"})
    results[4] = replace(results[4], failures={5: "interrupted"})
    found = assess_sources(results)
    assert found.seeds == (0, 1, 2, 4, 6, 7)
    assert found.left_out[3] == "diverged in epoch 2, in the study with other init"
    notes = sources_table(found).notes
    assert "Left out in every study: seeds 3, 5 (seed 3: diverged in epoch 2, in the study with other init)." in notes
    kept = [result.history["test/error_rate"][[0, 1, 2, 4, 6, 7], 0] for result in results]
    assert found.found.std.value == variance_shares(np.stack(kept), design(3)).std.value


def test_too_few_seeds_remain() -> None:
    results = launch()
    results[1] = replace(results[1], failures=dict.fromkeys(range(6), "diverged"))
    with pytest.raises(SampleError, match=r"at least 3 seeds .* there are 2 \(6 are left out; the first, seed 0: diverged, in the"):
        assess_sources(results)


def test_dominating_run_is_named() -> None:
    results = launch()
    ends = results[0].history["test/error_rate"].copy()
    ends[2] = 0.5
    results[0] = replace(results[0], history={"test/error_rate": ends})
    found = assess_sources(results)
    assert found.unusual is not None
    assert found.unusual.seeds == (2,)
    assert found.unusual.without is not None
    assert found.unusual.without.n == 7
    assert found.unusual.without.std.value < found.found.std.value / 2
    note = sources_table(found).notes[-1]
    assert note.startswith("1 of 40 runs, of seed 2, learned nothing or ended far from the rest, and the shares depend on them.")
    assert "Without this seed: a standard deviation of" in note
    assert assess_sources(launch()).unusual is None
    dead = assess_sources([*launch()[:-1], replace(launch()[-1], unlearned={4: "its outputs are the same for all inputs"})])
    assert dead.unusual is not None
    assert dead.unusual.seeds == (4,)


def test_source_that_was_shifted_before() -> None:
    """The first study has the smallest shifts, which need not be 0."""
    results = launch()
    moved = [replace(each, config=each.config | {"streams": _moved(each.config["streams"])}) for each in results]
    assert assess_sources(moved).found.sources == assess_sources(results).found.sources


def _moved(streams: dict[str, str]) -> dict[str, str]:
    return {source: f"seed+{7 + int(streams.get(source, 'seed+0')[5:])}" for source in SOURCES}


def test_studies_that_do_not_fit() -> None:
    results = launch()
    with pytest.raises(ConfigError, match="the studies differ in epochs: "):
        assess_sources([*results[:-1], replace(results[-1], config=results[-1].config | {"epochs": 4})])
    with pytest.raises(ConfigError, match=r"no two studies that differ in streams\.order alone"):
        assess_sources([results[0], *results[2:]])
    with pytest.raises(ConfigError, match=r"streams\.data is shifted by 5, and the seeds lie 7 apart"):
        assess_sources(launch(shift=5))
    with pytest.raises(ConfigError, match=r"streams\.init is fixed in some studies"):
        assess_sources([*results, study(np.arange(8.0), {"init": 3})])
    with pytest.raises(ConfigError, match=r"streams\.data is shifted in 3 ways"):
        assess_sources([*results, study(np.arange(8.0), {"data": "seed+2000000"})])
    with pytest.raises(ConfigError, match="nothing varies from run to run"):
        assess_sources(launch(population=replace(POPULATION, sources=())))
    with pytest.raises(ConfigError, match="it is not known what the runs of 'study' vary in"):
        assess_sources(launch(population=None))
    with pytest.raises(ConfigError, match="did not measure 'test/f1'"):
        assess_sources(results, "test/f1")
    with pytest.raises(SampleError, match="do not vary from seed to seed"):
        assess_sources(launch(np.full((5, 8), 0.1)))


def test_table_and_sentence() -> None:
    large = assess_sources(launch())
    table = sources_table(large)
    assert [row[0] for row in table.rows] == ["the examples", "the initial weights", "the order of the examples", "all together"]
    assert table.rows[-1][2:] == ("100 %", "100 %")
    assert table.title == "What the test error rate varies with, on disc"
    assert any(note.startswith("The runs vary in the examples (drawn anew for every seed)") for note in table.notes)
    assert sources_verdict(large).startswith("The largest share in the variance of the test error rate is that of the examples: ")
    assert _verdict(large, larger=True).endswith(" It is shown to be larger than every other.")
    assert _verdict(large, larger=False).endswith(
        "It is not shown to be larger than that of the initial weights and the order of the examples."
    )


def _verdict(given: Sources, *, larger: bool) -> str:
    return sources_verdict(replace(given, found=replace(given.found, larger=np.full((3, 3), larger) & ~np.eye(3, dtype=bool))))


# The command


@pytest.mark.slow
def test_user_errors_come_before_training(inside: Inside, tmp_path: Path) -> None:
    for words, message in (
        (["--seeds", "2"], "--seeds is 3 or more"),
        (["seeds=2"], "it takes 3 seeds or more"),
        (["seeds=5", "--seeds", "5"], "the number of seeds is given twice"),
        (["optimizer=sgd,adam"], "is about one study, so give a single value"),
        (["optimizer=addam"], "did you mean 'adam'"),
        (["--metric", "test/eror_rate"], "did you mean 'test/error_rate'"),
        (["--metric", "validation/error_rate"], "does not measure 'validation/error_rate'"),
        (["streams.data=0", "streams.init=0"], "nothing varies from run to run"),
        (["seed=900000000000000000"], "the seeds are too large to shift them"),
        (["--of", "x", "epochs=3"], "--of reads a launch and trains nothing"),
        (["--of"], "there is no MLflow store"),
    ):
        done = inside("variance", *words)
        assert (done.code, done.stdout) == (2, ""), words
        assert message in done.stderr
        assert len(done.stderr.splitlines()) <= 2
    assert not (tmp_path / "multirun").exists()


@pytest.mark.slow
def test_dry_run(inside: Inside, tmp_path: Path) -> None:
    done = inside("variance", "dataset=digits", "streams.order=3", "--dry-run")
    assert done.code == 0, done.stderr
    first, second, command = done.stdout.splitlines()
    assert first == "The runs vary with the split of the examples, the initial weights."
    assert second == "It takes 4 studies with 50 seeds each, 200 runs, in one launch:"
    assert command.startswith("regnet run -m ")
    assert command.count("order:3") == 4
    assert command.count("init:seed+1000000") == command.count("split:seed+1000000") == 2
    assert not any(tmp_path.iterdir())
    beyond = inside("variance", "streams.init=seed+5", "seeds=[3,4000000,5]", "--dry-run").stdout
    assert "init:seed+10000005," in beyond


@pytest.mark.slow
@pytest.mark.parametrize("module", ["no_such_package.launcher", "hydra_plugins.no_such_launcher"])
def test_without_the_lockstep_launcher(inside: Inside, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    assert "hydra/launcher=lockstep" in inside("variance", "--dry-run").stdout
    monkeypatch.setattr("regnet.cli.variance.LAUNCHER", module)
    assert "hydra/launcher" not in inside("variance", "--dry-run").stdout


@pytest.mark.slow
def test_the_command(inside: Inside, tmp_path: Path) -> None:
    done = inside("variance", "shuffle=true", "batch_size=20", *QUICK, "--seeds", "6", "--figure", "here")
    assert done.code == 0, done.stderr
    assert "It takes 5 studies with 6 seeds each, 30 runs, in one launch:" in done.stdout
    assert "What the test error rate varies with, on disc" in done.stdout
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"variance.png", "variance.svg"}
    (again,) = (line for line in done.stdout.splitlines() if line.startswith("To show this again: regnet "))
    read = inside(*again.partition("regnet ")[2].split(), "--json")
    assert read.code == 0, read.stderr
    record = json.loads(read.stdout)
    assert [each["source"] for each in record["sources"]] == ["data", "init", "order"]
    assert record["seeds"] == [0, 1, 2, 3, 4, 5]
    assert record["population"].startswith("The runs vary in the examples (drawn anew for every seed)")
    folder = again.split()[-1]
    results = [load_result(path.parent) for path in sorted(tmp_path.glob(f"{folder}/*/result.safetensors"))]
    assert len(results) == 5
    given = assess_sources(results)
    assert record["std"]["value"] == pytest.approx(given.found.std.value)
    for each, share in zip(record["sources"], given.found.sources, strict=True):
        assert each["with_interactions"]["value"] == pytest.approx(share.with_interactions.value)
    assert sources_verdict(given) == record["verdict"]
    assert inside("variance", "--of", "--metric", "test/loss", "--markdown").stdout.startswith("**What the test loss varies with")
    assert r"\begin{tabular}" in inside("variance", "--of", "--latex").stdout
    assert "no launch 'no'" in inside("variance", "--of", "no").stderr


@pytest.mark.slow
def test_fixed_sources_are_left_out(inside: Inside) -> None:
    """With a single source there is one study, whose share is everything. The output of the training is on standard error."""
    done = inside("variance", *QUICK, "streams.init=4", "tracking=none", "--seeds", "5", "--json")
    assert done.code == 0, done.stderr
    record = json.loads(done.stdout)
    assert "It takes 1 study with 5 seeds, 5 runs" in done.stderr
    assert (record["studies"], [each["source"] for each in record["sources"]]) == (1, ["data"])
    assert record["sources"][0]["alone"] == {"value": 1.0, "interval": None}
    assert record["sources"][0]["std"] == record["std"]["value"]
    assert record["verdict"].startswith("Nothing but the examples varies from run to run")


@pytest.mark.slow
def test_other_launches_are_refused(inside: Inside) -> None:
    assert inside("run", "-m", "optimizer.lr=0.001,0.01", *QUICK, "seeds=3", "report=none").code == 0
    done = inside("variance", "--of")
    assert done.code == 2
    assert "the studies differ in optimizer.lr" in done.stderr
