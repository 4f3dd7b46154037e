"""Every built-in metric against scikit-learn, for each replica, and its value if it is undefined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from regnet.builtin.metrics.accuracy import Accuracy
from regnet.builtin.metrics.auroc import AUROC
from regnet.builtin.metrics.balanced_accuracy import BalancedAccuracy
from regnet.builtin.metrics.brier import Brier
from regnet.builtin.metrics.calibration_error import CalibrationError
from regnet.builtin.metrics.class_f1 import ClassF1
from regnet.builtin.metrics.class_precision import ClassPrecision
from regnet.builtin.metrics.class_recall import ClassRecall
from regnet.builtin.metrics.confusion_matrix import ConfusionMatrix
from regnet.builtin.metrics.error_rate import ErrorRate
from regnet.builtin.metrics.f1 import F1
from regnet.builtin.metrics.log_loss import LogLoss
from regnet.builtin.metrics.mae import MAE
from regnet.builtin.metrics.median_absolute_error import MedianAbsoluteError
from regnet.builtin.metrics.r2 import R2
from regnet.builtin.metrics.rmse import RMSE
from regnet.contracts import Metric
from regnet.registry.catalog import Catalog

REPLICAS, EXAMPLES = 3, 57


@dataclass(frozen=True)
class Case:
    """Predictions and targets of one replica, as scikit-learn takes them."""

    prediction: np.ndarray
    target: np.ndarray

    @property
    def answer(self) -> np.ndarray:
        return np.asarray(self.prediction.argmax(-1))

    @property
    def classes(self) -> int:
        return self.prediction.shape[-1]

    @property
    def probabilities(self) -> np.ndarray:
        """The softmax of scores."""
        return np.asarray(torch.tensor(self.prediction).softmax(-1).numpy())


def log_loss(case: Case) -> float:
    return float(sk.log_loss(case.target, case.prediction, labels=range(case.classes)))


def brier(case: Case) -> float:
    right = np.eye(case.classes)[case.target]
    if case.classes == 2:
        return float(sk.brier_score_loss(case.target, case.prediction[:, 1]))
    return float(np.mean(((case.prediction - right) ** 2).sum(-1)))


def calibration(case: Case) -> float:
    """Computed from scikit-learn's reliability curve of correct predictions against their confidence."""
    confidence, right = case.prediction.max(-1), (case.answer == case.target).astype(int)
    shares, confidences = calibration_curve(right, confidence, n_bins=15)
    edges = np.linspace(0, 1, 16)
    counts = np.histogram(confidence, edges)[0]
    return float((np.abs(shares - confidences) * counts[counts > 0]).sum() / len(confidence))


def auroc(case: Case) -> float:
    if case.classes == 2:
        return float(sk.roc_auc_score(case.target, case.prediction[:, 1] - case.prediction[:, 0]))
    return float(sk.roc_auc_score(case.target, case.probabilities, multi_class="ovr"))


def each(function: Callable[..., Any]) -> Callable[[Case], Any]:
    return lambda case: function(case.target, case.answer, labels=range(case.classes), average=None, zero_division=np.nan)


SCORES: dict[type[Metric], Callable[[Case], Any]] = {
    ErrorRate: lambda case: sk.zero_one_loss(case.target, case.answer),
    Accuracy: lambda case: sk.accuracy_score(case.target, case.answer),
    BalancedAccuracy: lambda case: sk.balanced_accuracy_score(case.target, case.answer),
    F1: lambda case: sk.f1_score(case.target, case.answer, average="macro"),
    AUROC: auroc,
    ConfusionMatrix: lambda case: sk.confusion_matrix(case.target, case.answer, labels=range(case.classes)),
    ClassPrecision: each(sk.precision_score),
    ClassRecall: each(sk.recall_score),
    ClassF1: each(sk.f1_score),
}
PROBABILITIES: dict[type[Metric], Callable[[Case], Any]] = {LogLoss: log_loss, Brier: brier, CalibrationError: calibration}
VALUES: dict[type[Metric], Callable[[Case], Any]] = {
    RMSE: lambda case: np.sqrt(sk.mean_squared_error(case.target, case.prediction)),
    MAE: lambda case: sk.mean_absolute_error(case.target, case.prediction),
    R2: lambda case: sk.r2_score(case.target, case.prediction),
    MedianAbsoluteError: lambda case: sk.median_absolute_error(case.target, case.prediction),
}


def drawn(kind: type[Metric], outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions ``(R, N, K)`` and targets; some outputs are equal, so that ranks have ties."""
    generator = torch.Generator().manual_seed(7)
    prediction = torch.randn(REPLICAS, EXAMPLES, outputs, generator=generator, dtype=torch.float64)
    if kind.takes == "values":
        return prediction, torch.randn(REPLICAS, EXAMPLES, outputs, generator=generator, dtype=torch.float64)
    target = torch.randint(outputs, (REPLICAS, EXAMPLES), generator=generator)
    if kind.takes == "probabilities":
        return prediction.softmax(-1), target
    return (4 * prediction).round() / 4, target


@pytest.mark.parametrize("outputs", [2, 5])
@pytest.mark.parametrize("kind", [*SCORES, *PROBABILITIES, *VALUES])
def test_metric_equals_scikit_learn(kind: type[Metric], outputs: int) -> None:
    prediction, target = drawn(kind, outputs)
    found = kind().compute(prediction, target)
    for replica in range(REPLICAS):
        wanted = (SCORES | PROBABILITIES | VALUES)[kind](Case(prediction[replica].numpy(), target[replica].numpy()))
        np.testing.assert_allclose(found[replica].numpy(), wanted, rtol=1e-9)
        np.testing.assert_allclose(kind().compute(prediction[replica], target[replica]).numpy(), wanted, rtol=1e-9)


def test_every_built_in_metric_is_compared(catalog: Catalog) -> None:
    registered = {entry.component for claims in catalog.entries["metric"].values() for entry in claims}
    assert registered == set(SCORES | PROBABILITIES | VALUES)


def test_classes_that_do_not_occur_are_left_out() -> None:
    """Of three classes the second never occurs and is never predicted."""
    target = torch.tensor([0, 0, 2, 2])
    prediction = torch.tensor([[2.0, 0, 1], [1, 0, 2], [1, 0, 2], [1, 0, 2]])
    answer = prediction.argmax(-1).numpy()
    assert BalancedAccuracy().compute(prediction, target).item() == sk.balanced_accuracy_score(target, answer) == 0.75
    np.testing.assert_allclose(F1().compute(prediction, target).item(), sk.f1_score(target, answer, average="macro"))


@pytest.mark.parametrize(
    ("metric", "undefined"),
    [(AUROC(), [True]), (ClassRecall(), [False, True]), (ClassF1(), [False, True]), (ClassPrecision(), [False, True])],
)
def test_undefined_values_are_nan(metric: Metric, undefined: list[bool]) -> None:
    """All examples are of class 0 and predicted as class 0."""
    found = metric.compute(torch.tensor([[1.0, 0.0]] * 4), torch.zeros(4, dtype=torch.int64))
    assert found.isnan().reshape(-1).tolist() == undefined


def test_r2_of_equal_targets_is_nan() -> None:
    assert R2().compute(torch.randn(5, 1), torch.ones(5, 1)).isnan()
