"""Evaluation, compared with numbers computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from regnet.builtin.losses.mse import MSE
from regnet.builtin.metrics.confusion_matrix import ConfusionMatrix
from regnet.builtin.metrics.error_rate import ErrorRate
from regnet.builtin.metrics.r2 import R2
from regnet.builtin.metrics.rmse import RMSE
from regnet.contracts import Coding, Metric, Split, Splits
from regnet.data.prepare import Data, prepare, stack
from regnet.errors import ConfigError
from regnet.study.result import SPLITS
from regnet.training.evaluation import AT_ONCE, evaluate

CLASSES: dict[str, Metric] = {"error_rate": ErrorRate()}
VALUES: dict[str, Metric] = {"rmse": RMSE(), "r2": R2()}


def classified() -> Data:
    """Four training examples of classes 0, 1, 1, 0 and two test examples; the inputs are the outputs of an identity network."""
    train = Split(torch.tensor([[0.9, -0.9], [0.8, -0.8], [-0.5, 0.5], [0.1, 0.0]]), torch.tensor([0, 1, 1, 0]))
    test = Split(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1]))
    return prepare(Splits(train, test, 2), "none", "signed", torch.float64)


def valued(coding: Coding) -> Data:
    """Training values 2, 4 and 9 (mean 5, standard deviation √13) and test values 1 and 3."""
    train = Split(torch.zeros(3, 1), torch.tensor([[2.0], [4.0], [9.0]]))
    test = Split(torch.zeros(2, 1), torch.tensor([[1.0], [3.0]]))
    return prepare(Splits(train, test), "none", coding, torch.float64)


def identity_network(x: Tensor) -> Tensor:
    return x


def test_error_rate() -> None:
    """One of four training examples is wrong, and both test examples."""
    found = evaluate(identity_network, classified(), MSE(), CLASSES)
    assert found["train/error_rate"].item() == 0.25
    assert found["test/error_rate"].item() == 1.0


def test_loss_of_all_examples() -> None:
    """For the test examples, with targets (1, -1) and (-1, 1): 1 + 4 for each."""
    assert evaluate(identity_network, classified(), MSE(), CLASSES)["test/loss"].item() == 5.0


def test_metrics_of_values_have_their_units() -> None:
    """An output of 0 means the mean, 5: errors 3, 1 and 4, mean square 26 / 3, and R² = 0; on the test examples 20 / 2.

    The test values have the mean 2 and the sum of squares 1 + 1, so R² = 1 - 20 / 2.
    """
    found = evaluate(identity_network, valued("standardized"), MSE(), VALUES)
    torch.testing.assert_close(found["train/rmse"].item(), (26 / 3) ** 0.5)
    torch.testing.assert_close(found["train/r2"].item(), 0.0, rtol=0, atol=1e-6)
    torch.testing.assert_close(found["test/rmse"].item(), 10**0.5)
    torch.testing.assert_close(found["test/r2"].item(), -9.0)


def test_values_as_they_are() -> None:
    found = evaluate(lambda x: x + 3, valued("values"), MSE(), VALUES)
    torch.testing.assert_close(found["test/rmse"].item(), 2**0.5)
    torch.testing.assert_close(found["test/loss"].item(), 2.0)
    torch.testing.assert_close(found["test/r2"].item(), -1.0)


def test_metrics_of_each_replica() -> None:
    other = Splits(
        Split(-classified().train.x, classified().train.y), Split(torch.tensor([[0.0, 1.0]] * 2), torch.tensor([1, 1])), 2
    )
    alone = [classified(), prepare(other, "none", "signed", torch.float64)]
    together = evaluate(identity_network, stack(alone), MSE(), CLASSES)
    for row, data in enumerate(alone):
        for name, value in evaluate(identity_network, data, MSE(), CLASSES).items():
            torch.testing.assert_close(together[name][row], value)
    assert together["train/error_rate"].tolist() == [0.25, 0.75]


def test_the_loss_and_every_metric_are_measured_on_every_split() -> None:
    assert set(evaluate(identity_network, classified(), MSE(), CLASSES)) == {
        f"{s}/{m}" for s in ("train", "test") for m in ("loss", "error_rate")
    }
    assert set(evaluate(identity_network, valued("values"), MSE(), VALUES)) == {
        f"{s}/{m}" for s in ("train", "test") for m in ("loss", "rmse", "r2")
    }


@pytest.mark.parametrize("replicas", [1, 2])
def test_names_of_the_numbers_of_a_table(replicas: int) -> None:
    found = evaluate(identity_network, stack([classified()] * replicas), MSE(), {"confusion_matrix": ConfusionMatrix()})
    counts = {name: values.tolist() for name, values in found.items() if name.startswith("train/confusion")}
    assert counts == {
        f"train/confusion_matrix/{true}/{answer}": [count] * replicas
        for (true, answer), count in {(0, 0): 2.0, (0, 1): 0.0, (1, 0): 1.0, (1, 1): 1.0}.items()
    }


def test_metric_of_a_wrong_shape_is_an_error() -> None:
    class Whole(ErrorRate):
        def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
            return super().compute(prediction, target).mean()

    with pytest.raises(ConfigError, match=r"metric whole returned shape \(\): expected 1 axes"):
        evaluate(identity_network, stack([classified()]), MSE(), {"whole": Whole()})


def test_metrics_of_validation_examples() -> None:
    validation = Split(torch.tensor([[0.9, -0.9], [0.9, -0.9]]), torch.tensor([0, 1]))
    test = Split(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    data = prepare(Splits(validation, test, 2), "none", "signed", torch.float64, validation)
    found = evaluate(identity_network, data, MSE(), CLASSES)
    assert found["validation/error_rate"].item() == 0.5
    assert set(found) == {f"{split}/{metric}" for split in SPLITS for metric in ("loss", "error_rate")}


def test_predictions_are_computed_in_parts() -> None:
    sizes: list[tuple[int, ...]] = []

    def watched(x: Tensor) -> Tensor:
        sizes.append(tuple(x.shape))
        return x

    count = 2 * AT_ONCE + 3
    part = Split(torch.randn(count, 2, generator=torch.Generator().manual_seed(0)), torch.zeros(count, dtype=torch.int64))
    data = prepare(Splits(part, part, 2), "none", "signed", torch.float64)
    found = evaluate(watched, stack([data, data]), MSE(), CLASSES)
    assert sizes[:3] == [(2, AT_ONCE, 2), (2, AT_ONCE, 2), (2, 3, 2)]
    alone = evaluate(identity_network, data, MSE(), CLASSES)
    for name, values in found.items():
        torch.testing.assert_close(values, alone[name].expand(2))
