"""Metrics, with numbers worked out by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet.builtin.losses.mse import MSE
from regnet.contracts import Coding, Split, Splits
from regnet.data.prepare import Data, prepare, stack
from regnet.metrics import AT_ONCE, HEADLINE, METRICS, SPLITS, evaluate


def classified() -> Data:
    """Four examples of classes 0, 1, 1, 0 to train on, two to be judged by; inputs are what a network that passes them on gives."""
    train = Split(torch.tensor([[0.9, -0.9], [0.8, -0.8], [-0.5, 0.5], [0.1, 0.0]]), torch.tensor([0, 1, 1, 0]))
    test = Split(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1]))
    return prepare(Splits(train, test, 2), "none", "signed", torch.float64)


def valued(coding: Coding) -> Data:
    """Values 2, 4 and 9 (mean 5, deviation √13) to train on and 1 and 3 to be judged by."""
    train = Split(torch.zeros(3, 1), torch.tensor([[2.0], [4.0], [9.0]]))
    test = Split(torch.zeros(2, 1), torch.tensor([[1.0], [3.0]]))
    return prepare(Splits(train, test), "none", coding, torch.float64)


def same(x: Tensor) -> Tensor:
    return x


def test_the_error_rate_is_the_share_of_wrong_answers() -> None:
    """Of the four, one is wrong; of the two, both."""
    found = evaluate(same, classified(), MSE())
    assert found["train/error_rate"].item() == 0.25
    assert found["test/error_rate"].item() == 1.0


def test_the_loss_is_that_of_all_examples() -> None:
    """Of the test examples, targets (1, -1) and (-1, 1): 1 + 4 for either."""
    assert evaluate(same, classified(), MSE())["test/loss"].item() == 5.0


def test_values_are_judged_in_their_own_units() -> None:
    """A network that gives 0 says "the mean", 5: errors 3, 1 and 4, squares 26 / 3, and R² = 0; on the test examples 20 / 2.

    There the spread around their own mean, 2, is 1 + 1, so that R² = 1 - 20 / 2.
    """
    found = evaluate(same, valued("standardized"), MSE())
    torch.testing.assert_close(found["train/rmse"].item(), (26 / 3) ** 0.5)
    torch.testing.assert_close(found["train/r2"].item(), 0.0, rtol=0, atol=1e-6)
    torch.testing.assert_close(found["test/rmse"].item(), 10**0.5)
    torch.testing.assert_close(found["test/r2"].item(), -9.0)


def test_values_as_they_are() -> None:
    found = evaluate(lambda x: x + 3, valued("values"), MSE())
    torch.testing.assert_close(found["test/rmse"].item(), 2**0.5)
    torch.testing.assert_close(found["test/loss"].item(), 2.0)
    torch.testing.assert_close(found["test/r2"].item(), -1.0)


def test_replicas_are_judged_one_by_one() -> None:
    other = Splits(
        Split(-classified().train.x, classified().train.y), Split(torch.tensor([[0.0, 1.0]] * 2), torch.tensor([1, 1])), 2
    )
    alone = [classified(), prepare(other, "none", "signed", torch.float64)]
    together = evaluate(same, stack(alone), MSE())
    for row, data in enumerate(alone):
        for name, value in evaluate(same, data, MSE()).items():
            torch.testing.assert_close(together[name][row], value)
    assert together["train/error_rate"].tolist() == [0.25, 0.75]


def test_each_task_is_judged_by_what_it_measures() -> None:
    for task, metrics in METRICS.items():
        assert HEADLINE[task].removeprefix("test/") in metrics
    assert set(evaluate(same, classified(), MSE())) == {f"{s}/{m}" for s in ("train", "test") for m in METRICS["classification"]}
    assert set(evaluate(same, valued("values"), MSE())) == {f"{s}/{m}" for s in ("train", "test") for m in METRICS["regression"]}


def test_validation_examples_are_measured_where_there_are_some() -> None:
    validation = Split(torch.tensor([[0.9, -0.9], [0.9, -0.9]]), torch.tensor([0, 1]))
    test = Split(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    data = prepare(Splits(validation, test, 2), "none", "signed", torch.float64, validation)
    found = evaluate(same, data, MSE())
    assert found["validation/error_rate"].item() == 0.5
    assert set(found) == {f"{split}/{metric}" for split in SPLITS for metric in METRICS["classification"]}


def test_many_examples_of_many_replicas_are_predicted_a_few_at_a_time() -> None:
    sizes: list[tuple[int, ...]] = []

    def watched(x: Tensor) -> Tensor:
        sizes.append(tuple(x.shape))
        return x

    count = 2 * AT_ONCE + 3
    part = Split(torch.randn(count, 2, generator=torch.Generator().manual_seed(0)), torch.zeros(count, dtype=torch.int64))
    data = prepare(Splits(part, part, 2), "none", "signed", torch.float64)
    found = evaluate(watched, stack([data, data]), MSE())
    assert sizes[:3] == [(2, AT_ONCE, 2), (2, AT_ONCE, 2), (2, 3, 2)]
    alone = evaluate(same, data, MSE())
    for name, values in found.items():
        torch.testing.assert_close(values, alone[name].expand(2))
