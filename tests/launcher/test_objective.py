"""What a sweeper that optimizes gets, from which examples, and in which direction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra.types import RunMode
from omegaconf import OmegaConf

from regnet.errors import BadObjective
from regnet.launcher.objective import check_objective, objective_metric, objective_value, optimizes
from regnet.study.storage import load_result
from tests.cli.test_command import regnet as command
from tests.conftest import MakeStudy, RunStudy

OPTUNA = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=4", "hydra.sweeper.n_jobs=2", "hydra.sweeper.sampler.seed=1")
RATES = "optimizer.lr=interval(0.001,0.1)"
SMALL = ("epochs=1", "tracking=none", "report=none", "dataset.train_size=60", "dataset.test_size=20", "hydra.sweep.dir=out")
ASIDE = "validation=0.2"
ACCURACY = "metrics=[accuracy]"


def configured(mode: str = "MULTIRUN", target: str = "hydra_plugins.some.Sweeper", **options: Any) -> Any:
    """Hydra's part of a job's configuration."""
    hydra = OmegaConf.create({"sweeper": {"_target_": target, **options}})
    hydra.mode = {"MULTIRUN": RunMode.MULTIRUN, "RUN": RunMode.RUN}[mode]
    return hydra


@pytest.mark.parametrize(
    ("overrides", "metric"),
    [
        ([], "test/error_rate"),
        (["headline=f1"], "test/f1"),
        ([ASIDE], "validation/error_rate"),
        ([ASIDE, "headline=f1"], "validation/f1"),
        ([ASIDE, "headline=loss"], "validation/loss"),
        ([ASIDE, "headline=validation/f1"], "validation/f1"),
        ([ASIDE, "headline=test/f1"], "test/f1"),
        (["headline=train/loss"], "train/loss"),
    ],
    ids=str,
)
def test_metric_of_a_sweeper(overrides: list[str], metric: str, study: MakeStudy) -> None:
    assert objective_metric(study(*overrides)) == metric


@pytest.mark.parametrize(
    ("options", "uses"),
    [
        ({}, True),
        ({"mode": "RUN"}, False),  # chosen, and not used without -m
        ({"target": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}, False),
    ],
)
def test_sweepers_that_optimize(options: dict[str, str], uses: bool, study: MakeStudy) -> None:
    hydra = configured(**options)
    assert optimizes(hydra) is uses
    if uses:
        with pytest.raises(BadObjective, match=r"set validation=0\.2 .* or headline=test/error_rate"):
            check_objective(study(), hydra)
    else:
        check_objective(study(), hydra)


def test_test_examples_choose_only_if_the_user_says_so(study: MakeStudy) -> None:
    for overrides in ([ASIDE], ["headline=test/error_rate"], ["headline=train/loss"]):
        check_objective(study(*overrides), configured())
    with pytest.raises(BadObjective, match="so that the best test/loss is too good"):
        check_objective(study("headline=loss"), configured())


@pytest.mark.parametrize(
    ("sweeper", "minimizes"),
    [
        ({"direction": "minimize"}, True),
        ({"direction": "maximize"}, False),
        ({"optim": {"maximize": True}}, False),
        ({"optim": {"maximize": False}}, True),
        ({"ax_config": {"experiment": {"minimize": True}}}, True),
        ({"ax_config": {"experiment": {"minimize": False}}}, False),
    ],
)
def test_direction_must_be_that_of_the_headline(sweeper: dict[str, Any], minimizes: bool, study: MakeStudy) -> None:
    smaller, larger = study(ASIDE), study(ASIDE, ACCURACY)
    check_objective(smaller if minimizes else larger, configured(**sweeper))
    with pytest.raises(BadObjective, match=r"validation/\w+ is better, but .* does the opposite: set hydra\.sweeper\."):
        check_objective(larger if minimizes else smaller, configured(**sweeper))


@pytest.mark.parametrize("sweeper", [{}, {"max_batch_size": None}, {"direction": ["minimize", "maximize"]}])
def test_sweepers_without_a_direction_are_accepted(sweeper: dict[str, Any], study: MakeStudy) -> None:
    for each in (study(ASIDE), study(ASIDE, ACCURACY)):
        check_objective(each, configured(**sweeper))


def test_value_is_the_mean_on_the_validation_examples(run: RunStudy) -> None:
    result = run("epochs=2", "seeds=3", ASIDE)
    value = objective_value(result)
    assert value == pytest.approx(result.history["validation/error_rate"][:, -1].mean())
    assert value != pytest.approx(result.history["test/error_rate"][:, -1].mean())


@pytest.mark.parametrize(
    ("headline", "worst"), [("error_rate", 1.0), ("accuracy", 0.0), ("loss", float("inf")), ("test/error_rate", 1.0)]
)
def test_failed_seed_makes_the_value_the_worst(headline: str, worst: float, run: RunStudy) -> None:
    result = run("epochs=1", "seeds=2", ASIDE, f"headline={headline}")
    assert objective_value(result) != worst
    assert objective_value(replace(result, failures={1: "diverged in epoch 1"})) == worst


def test_undefined_values_are_left_out_of_the_mean(run: RunStudy) -> None:
    result = run("epochs=1", "seeds=2", ASIDE)
    first, _ = result.history["validation/error_rate"][:, -1]
    for values, expected in (([first, np.nan], first), ([np.nan, np.nan], 1.0)):
        changed = replace(result, history={**result.history, "validation/error_rate": np.array(values)[:, None]})
        assert objective_value(changed) == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "set validation=0.2 to choose by validation examples, or headline=test/error_rate"),
        ([ASIDE, "headline=accuracy"], "a larger validation/accuracy is better, but hydra.sweeper.direction=minimize"),
    ],
    ids=["test examples", "wrong direction"],
)
def test_sweep_that_must_not_be_optimized_trains_nothing(words: list[str], message: str, tmp_path: Path) -> None:
    """The error ends the sweep, even if the sweeper accepts that every trial fails."""
    done = command(tmp_path, "run", "-m", *OPTUNA, "hydra.sweeper.max_failure_rate=1", RATES, *SMALL, *words)
    lines = [line for line in done.stderr.splitlines() if "A new study created" not in line]
    assert (done.returncode, len(lines)) == (2, 1)
    assert lines[0].startswith("regnet: ")
    assert message in lines[0]
    assert not list((tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.slow
def test_optuna_gets_the_validation_metric(tmp_path: Path) -> None:
    """Learning rates at which every seed diverges are the worst trials, and do not end the sweep."""
    words = ("optimizer.lr=tag(log,interval(0.01,1000000))", "model.output=null", "seeds=2", ASIDE, "headline=loss", *SMALL)
    done = command(tmp_path, "run", "-m", *OPTUNA, *words)
    assert done.returncode == 0, done.stderr
    results = [load_result(path.parent) for path in (tmp_path / "out").glob("*/result.safetensors")]
    assert len(results) == 4
    values = [result.history["validation/loss"][:, -1].mean() for result in results if not result.failures]
    assert 0 < len(values) < 4
    best = yaml.safe_load((tmp_path / "out/optimization_results.yaml").read_text())
    assert best["best_value"] == pytest.approx(min(values))


@pytest.mark.slow
def test_headline_with_its_split_is_used_as_it_is(tmp_path: Path) -> None:
    done = command(tmp_path, "run", "-m", *OPTUNA, RATES, "headline=test/error_rate", *SMALL)
    assert done.returncode == 0, done.stderr
    results = [load_result(path.parent) for path in (tmp_path / "out").glob("*/result.safetensors")]
    best = yaml.safe_load((tmp_path / "out/optimization_results.yaml").read_text())
    assert best["best_value"] == pytest.approx(min(result.history["test/error_rate"][:, -1].mean() for result in results))
