"""Metrics: how good a network is at its data set's task, in terms a person can judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from regnet.contracts import Loss
    from regnet.data.prepare import Data, Examples
    from regnet.data.targets import Targets, Task

SPLITS = ("train", "validation", "test")
"""What is measured on."""

METRICS: dict[Task, tuple[str, ...]] = {
    "classification": ("loss", "error_rate"),
    "regression": ("loss", "rmse", "r2"),
}
"""What is measured for each task."""

AT_ONCE = 64
"""Examples of each replica that are predicted at once."""

HEADLINE: dict[Task, str] = {"classification": "test/error_rate", "regression": "test/rmse"}
"""The one metric by which studies of a task are judged: the smaller, the better."""


def evaluate(predict: Callable[[Tensor], Tensor], data: Data, loss: Loss) -> dict[str, Tensor]:
    """Every metric of every split, such as ``test/error_rate``: a tensor ``(*R)`` each."""
    found: dict[str, Tensor] = {}
    for name in SPLITS:
        examples: Examples | None = getattr(data, name)
        if examples is None:
            continue
        prediction = predict_all(predict, examples.x)
        found[f"{name}/loss"] = loss.forward(prediction, examples.target)
        for metric, value in _judge(prediction, examples, data.targets).items():
            found[f"{name}/{metric}"] = value
    return found


def predict_all(predict: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The predictions ``(*R, N, K)`` for all examples ``(*R, N, F)``: of many replicas a few at a time, to stay in the cache.

    How many depends on nothing, so that a replica's numbers do not depend on how many there are.
    """
    if x.dim() == 2 or x.device.type != "cpu":
        return predict(x)
    import torch  # the metrics' names are of use without it

    return torch.cat([predict(part) for part in x.split(AT_ONCE, -2)], -2)


def _judge(prediction: Tensor, examples: Examples, targets: Targets) -> dict[str, Tensor]:
    """For classes the share of wrong answers; for values the root mean square error, in their own units, and R².

    ``R² = 1 - Σ (y - ŷ)² / Σ (y - mean(y))²``, averaged over the outputs.
    """
    answer = targets.decode(prediction)
    if targets.task == "classification":
        return {"error_rate": (answer != examples.y).double().mean(-1)}
    squares = (answer - examples.y).square()
    spread = (examples.y - examples.y.mean(-2, keepdim=True)).square()
    return {"rmse": squares.mean((-1, -2)).sqrt(), "r2": (1 - squares.sum(-2) / spread.sum(-2)).mean(-1)}
