"""The runs that are stored as models: selected by validation metrics, never by test metrics; none without validation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.registry.selection import OWN
from regnet.study.result import StudyResult
from regnet.tracking.write.model_selection import best_seed, check_choice, judged_by, models_wanted
from tests.measures import MEASURES

CONFIG = {
    "model": {
        "name": "mlp",
        "hidden": [3],
        "activation": "relu",
        "output": None,
        "bias": True,
        "initializer": {"name": "he_fan_out"},
    },
    "dataset": {"name": "disc"},
    "validation": 0.1,
    "tracking": {"name": "mlflow", "models": "validated", "register": None},
}


def result(final: Mapping[str, Sequence[float]], identity: str = "a", **changes: Any) -> StudyResult:
    """A result with the given metrics after the last of two epochs, for seeds from 10."""
    count = len(next(iter(final.values())))
    return StudyResult(
        name=identity,
        identity=identity,
        config=CONFIG | changes,
        seeds=tuple(range(10, 10 + count)),
        history={name: np.array([[0.0, value] for value in values]) for name, values in final.items()},
        together=np.ones(count),
        seconds=np.ones(count),
        failures={},
        measures=MEASURES,
        headline="test/rmse" if any(name.endswith("/rmse") for name in final) else "test/error_rate",
    )


def tracked(**options: Any) -> dict[str, Any]:
    return {"tracking": CONFIG["tracking"] | options}  # type: ignore[operator]


VALIDATED = {"train/loss": [1, 2, 3], "test/error_rate": [0.1, 0.2, 0.3], "validation/error_rate": [0.3, 0.1, 0.1]}
NOTHING_ASIDE = {"train/loss": [3, 2, 1], "test/error_rate": [0.1, 0.2, 0.3]}


def test_selection_by_validation() -> None:
    assert best_seed(result(VALIDATED)) == 11  # the first of two equal ones
    assert judged_by(result(VALIDATED)) == "validation/error_rate"


def test_selection_of_a_regression() -> None:
    found = result({"train/loss": [1, 2], "validation/loss": [1, 2], "validation/rmse": [9, 4], "test/rmse": [1, 2]})
    assert (best_seed(found), judged_by(found)) == (11, "validation/rmse")


def test_failed_run_is_never_selected() -> None:
    found = result(VALIDATED)
    assert best_seed(replace(found, failures={11: "diverged"})) == 12
    assert best_seed(replace(found, failures=dict.fromkeys(found.seeds, "diverged"))) is None


def test_no_selection_without_validation(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "regnet"):
        assert models_wanted([result(NOTHING_ASIDE, validation=0.0)], ["label"], "launch").models == ()
    assert [record.message for record in caplog.records] == [
        "No run is kept as a model, because there are no validation examples to choose one by: set validation=0.1."
    ]


@pytest.mark.parametrize(
    ("policy", "final", "seeds"),
    [
        ("validated", VALIDATED, [11]),
        ("all", VALIDATED, [11]),
        ("all", NOTHING_ASIDE, [12]),
        ("none", VALIDATED, []),
        ("none", NOTHING_ASIDE, []),
    ],
)
def test_policies(policy: str, final: Mapping[str, Sequence[float]], seeds: list[int], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "regnet"):
        wanted = models_wanted([result(final, **tracked(models=policy))], ["label"], "launch")
    assert [one.seed for one in wanted.models] == seeds
    assert not caplog.records


def test_best_run_is_registered_for_each_name() -> None:
    worse = VALIDATED | {"validation/error_rate": [0.3, 0.2, 0.2]}
    studies = [
        result(worse, "a", **tracked(register="one")),
        result(VALIDATED, "b", **tracked(register="one")),
        result(worse, "c", **tracked(register="other")),
        result(VALIDATED, "d"),
    ]
    wanted = models_wanted(studies, ["A", "B", "C", "D"], "launch")
    assert [(one.study, one.label, one.register) for one in wanted.models] == [
        ("a", "A", None),
        ("b", "B", "one"),
        ("c", "C", "other"),
        ("d", "D", None),
    ]
    assert {need.distribution for one in wanted.models for need in one.needs} == {OWN}


def test_models_of_different_data_sets_with_the_same_name(caplog: pytest.LogCaptureFixture) -> None:
    studies = [result(VALIDATED, name, dataset={"name": name}, **tracked(register="both")) for name in ("disc", "digits")]
    wanted = models_wanted(studies, ["A", "B"], "launch")
    assert [(one.study, one.register) for one in wanted.models] == [("disc", None), ("digits", None)]
    assert "No model is registered as both: studies of different data sets request that name" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (tracked(models="validate"), "unknown tracking.models 'validate': did you mean 'validated'"),
        (tracked(register="a/b"), "the name of a registered model must not contain / or :"),
        (tracked(register="a", models="none"), "nothing to register with tracking.models=none"),
        ({"validation": 0.0} | tracked(register="a"), "none is chosen without validation examples: set validation=0.1, or"),
    ],
)
def test_errors_of_policies(changes: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_choice(CONFIG | changes)


@pytest.mark.parametrize(
    "changes", [{}, {"validation": 0.0}, tracked(register="a"), {"validation": 0.0} | tracked(register="a", models="all")]
)
def test_valid_policies(changes: Mapping[str, Any]) -> None:
    check_choice(CONFIG | changes)
