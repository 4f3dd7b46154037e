"""Target codings: encoding targets for the loss, and decoding predictions."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from regnet.builtin.losses.binary_cross_entropy import BinaryCrossEntropy
from regnet.builtin.losses.cross_entropy import CrossEntropy
from regnet.builtin.losses.mse import MSE
from regnet.contracts import Coding, Loss
from regnet.data.targets import TASK, Targets, Task, choose_coding, fit_targets
from regnet.errors import ConfigError, TargetError

CLASSES = torch.tensor([2, 0, 1, 2])
VALUES = torch.tensor([[1.0, 10.0], [2.0, 10.0], [6.0, 10.0]])
"""Mean 3 and standard deviation √7 in the first column; a constant in the second."""

CODED: dict[Coding, list[object]] = {
    "signed": [[-1, -1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]],
    "one_hot": [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "index": [2, 0, 1, 2],
}


def test_every_coding_has_a_task() -> None:
    assert set(TASK) == set(get_args(Coding))


@pytest.mark.parametrize("coding", CODED)
def test_classes_are_coded(coding: Coding) -> None:
    targets = fit_targets(coding, CLASSES, 3)
    assert targets.encode(CLASSES).tolist() == CODED[coding]
    assert (targets.width, targets.task) == (3, "classification")


def test_coding_of_the_paper() -> None:
    """[1, -1] for class 0 and [-1, 1] for class 1; a prediction is the index of the largest output."""
    targets = fit_targets("signed", torch.tensor([0, 1]), 2)
    assert targets.encode(torch.tensor([0, 1])).tolist() == [[1, -1], [-1, 1]]
    assert targets.decode(torch.tensor([[0.2, -0.9], [-0.1, 0.3], [0.4, 0.5]])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("coding", ["signed", "one_hot"])
def test_classes_round_trip(coding: Coding) -> None:
    targets = fit_targets(coding, CLASSES, 3)
    assert torch.equal(targets.decode(targets.encode(CLASSES)), CLASSES)


def test_class_without_training_examples() -> None:
    targets = fit_targets("one_hot", torch.tensor([0, 1]), 4)
    assert targets.encode(torch.tensor([3])).tolist() == [[0, 0, 0, 1]]


@pytest.mark.parametrize("coding", ["signed", "one_hot", "index"])
def test_classes_with_a_replica_axis(coding: Coding) -> None:
    both = torch.stack([CLASSES, CLASSES.flip(0)])
    targets = fit_targets(coding, both, 3)
    coded = targets.encode(both)
    for row in range(2):
        assert torch.equal(coded[row], targets.encode(both[row]))
    if coding != "index":
        assert torch.equal(targets.decode(coded), both)


def test_standardized_values() -> None:
    """(1 - 3) / √7 and so on; a constant is shifted by its mean, and not divided by zero."""
    targets = fit_targets("standardized", VALUES, None)
    expected = torch.tensor([[-2 / 7**0.5, 0.0], [-1 / 7**0.5, 0.0], [3 / 7**0.5, 0.0]])
    torch.testing.assert_close(targets.encode(VALUES), expected)
    assert (targets.width, targets.task) == (2, "regression")


@pytest.mark.parametrize("coding", ["standardized", "values"])
def test_values_round_trip(coding: Coding) -> None:
    targets = fit_targets(coding, VALUES, None)
    torch.testing.assert_close(targets.decode(targets.encode(VALUES)), VALUES)


def test_values_as_they_are() -> None:
    assert torch.equal(fit_targets("values", VALUES, None).encode(VALUES), VALUES)


def test_values_are_standardized_by_the_training_examples() -> None:
    """Other examples are coded with the same mean and standard deviation."""
    targets = fit_targets("standardized", VALUES, None)
    others = torch.tensor([[3.0, 11.0], [3.0 + 7**0.5, 10.0]])
    torch.testing.assert_close(targets.encode(others), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))


def test_values_with_a_replica_axis() -> None:
    both = torch.stack([VALUES, 10 * VALUES + 3])
    targets = fit_targets("standardized", both, None)
    assert targets.offset.shape == (2, 1, 2)
    for row in range(2):
        torch.testing.assert_close(targets.encode(both)[row], fit_targets("standardized", both[row], None).encode(both[row]))
    torch.testing.assert_close(targets.decode(targets.encode(both)), both)


def test_decoding_does_not_move_classes() -> None:
    """The scale and the offset have no effect in a classification."""
    targets = fit_targets("signed", CLASSES, 3)
    assert isinstance(targets, Targets)
    assert (targets.offset.item(), targets.scale.item()) == (0, 1)


@pytest.mark.parametrize(
    ("loss", "task", "coding"),
    [
        (MSE(), "classification", "signed"),
        (MSE(), "regression", "standardized"),
        (CrossEntropy(), "classification", "index"),
        (BinaryCrossEntropy(), "classification", "one_hot"),
    ],
)
def test_auto_is_the_first_coding_of_the_loss(loss: Loss, task: Task, coding: Coding) -> None:
    assert choose_coding("auto", loss, "a loss", task) == coding


def test_requested_coding() -> None:
    assert choose_coding("one_hot", MSE(), "mse", "classification") == "one_hot"
    assert choose_coding("values", MSE(), "mse", "regression") == "values"


def test_unknown_coding_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"unknown coding 'onehot': expected auto, .*one_hot"):
        choose_coding("onehot", MSE(), "mse", "classification")


@pytest.mark.parametrize(
    ("wanted", "loss", "task"),
    [("index", MSE(), "classification"), ("signed", CrossEntropy(), "classification"), ("values", MSE(), "classification")],
)
def test_coding_of_another_task_is_an_error(wanted: str, loss: Loss, task: Task) -> None:
    with pytest.raises(TargetError, match=f"loss my_loss cannot take targets coded as '{wanted}' for {task}"):
        choose_coding(wanted, loss, "my_loss", task)


@pytest.mark.parametrize("loss", [CrossEntropy(), BinaryCrossEntropy()])
@pytest.mark.parametrize("wanted", ["auto", "standardized"])
def test_loss_of_another_task_is_an_error(loss: Loss, wanted: str) -> None:
    with pytest.raises(TargetError, match="loss my_loss cannot be used for regression: it takes targets coded as"):
        choose_coding(wanted, loss, "my_loss", "regression")


def test_types_of_coded_targets() -> None:
    coded: dict[Coding, Tensor] = {coding: fit_targets(coding, CLASSES, 3).encode(CLASSES) for coding in CODED}
    assert coded["index"].dtype == torch.int64
    assert {coded["signed"].dtype, coded["one_hot"].dtype} == {torch.float32}
