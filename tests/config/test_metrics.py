"""The metrics and the headline of a study, and errors before training."""

from __future__ import annotations

import pytest

from regnet.errors import ConfigError
from tests.conftest import MakeStudy, RunStudy

PROBABLE = ("loss=cross_entropy", "model.output=null")


@pytest.mark.parametrize(
    ("overrides", "names", "headline"),
    [
        ((), ["error_rate"], "test/error_rate"),
        (("dataset=diabetes", "model.output=null"), ["rmse", "r2"], "test/rmse"),
        (("metrics=[f1,auroc]",), ["f1", "auroc"], "test/f1"),
        (("metrics=[confusion_matrix,f1]",), ["confusion_matrix", "f1"], "test/f1"),
        (("metrics=[confusion_matrix]",), ["confusion_matrix"], "test/loss"),
        (("metrics=[]",), [], "test/loss"),
        (("headline=f1",), ["error_rate", "f1"], "test/f1"),
        (("headline=train/loss",), ["error_rate"], "train/loss"),
        (("headline=validation/error_rate", "validation=0.2"), ["error_rate"], "validation/error_rate"),
        (("metrics=[error_rate,auroc]", "headline=auroc"), ["error_rate", "auroc"], "test/auroc"),
        ((*PROBABLE, "metrics=[{name:calibration_error,bins:5}]"), ["calibration_error"], "test/calibration_error"),
    ],
)
def test_metrics_and_headline(overrides: tuple[str, ...], names: list[str], headline: str, study: MakeStudy) -> None:
    made = study(*overrides)
    assert list(made.metrics) == names
    assert made.headline == headline
    assert list(made.measures) == ["loss", *names]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("metrics=[f2]",), "unknown metric 'f2'.*f1"),
        (("metrics=[rmse]",), "metric rmse is for regression, and the data set is for classification"),
        (("metrics=[log_loss]",), "metric log_loss needs the probability of each class, which loss mse does not provide"),
        (("metrics=[f1,f1]",), "lists f1 twice"),
        (("metrics=f1",), r"metrics takes a list of metrics; got 'f1': write metrics=\[f1\]"),
        (("metrics=[{name:calibration_error,bins:0}]", *PROBABLE), "bins"),
        (("headline=acuracy",), "unknown metric 'acuracy'.*accuracy"),
        (("metrics=[f1]", "headline=auroc"), "headline=auroc is not among metrics"),
        (("headline=tets/f1",), "'tets' is not a split.*test"),
        (("headline=validation/f1",), "needs validation examples: set validation=0.1"),
        (("metrics=[confusion_matrix]", "headline=confusion_matrix"), "confusion_matrix is a table, not a number"),
    ],
)
def test_errors_of_metrics(overrides: tuple[str, ...], message: str, study: MakeStudy) -> None:
    with pytest.raises(ConfigError, match=message):
        study(*overrides)


def test_every_metric_of_a_study_is_in_its_history(run: RunStudy) -> None:
    result = run(*PROBABLE, "metrics=[f1,auroc,log_loss,brier]", "epochs=2", "seeds=2", "validation=0.2")
    assert set(result.history) == {
        f"{split}/{name}" for split in ("train", "validation", "test") for name in ("loss", "f1", "auroc", "log_loss", "brier")
    }
    assert result.headline == "test/f1"
    # the loss is the same quantity as the log loss, which is computed in double precision from the probabilities
    assert result.history["test/log_loss"][:, -1] == pytest.approx(result.history["test/loss"][:, -1], rel=1e-5)
