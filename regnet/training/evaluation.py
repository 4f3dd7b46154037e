"""Evaluation: every metric of a study on every split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import torch
from torch import Tensor

from regnet.contracts import Loss, Metric, Prediction
from regnet.data.prepare import Data, Examples
from regnet.data.targets import Targets
from regnet.errors import ConfigError
from regnet.study.result import SPLITS

AT_ONCE = 64
"""The number of examples of each replica that are predicted at once."""


def evaluate(predict: Callable[[Tensor], Tensor], data: Data, loss: Loss, metrics: Mapping[str, Metric]) -> dict[str, Tensor]:
    """The loss and every metric of every split, such as ``test/error_rate``: a tensor ``(*R)`` each, in double precision.

    The numbers of a metric that is a table have its indices in their names: ``test/confusion_matrix/0/1``.

    Raises:
        ConfigError: a metric returns a shape that its contract does not allow.
    """
    found: dict[str, Tensor] = {}
    for split in SPLITS:
        examples: Examples | None = getattr(data, split)
        if examples is None:
            continue
        outputs = predict_all(predict, examples.x).double()  # the largest error of a single-precision network has a finite square
        found[f"{split}/loss"] = loss.forward(outputs, _double(examples.target))
        predictions = _Predictions(outputs, loss, data.targets)
        for name, metric in metrics.items():
            value = metric.compute(predictions[metric.takes], _double(examples.y))
            _check_shape(name, metric, value, outputs)
            found |= {f"{split}/{name}{suffix}": part for suffix, part in _parts(metric, value)}
    return found


def _double(target: Tensor) -> Tensor:
    """Values in double precision; class numbers as they are."""
    return target.double() if target.is_floating_point() else target


def predict_all(predict: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The predictions ``(*R, N, K)`` for all examples ``(*R, N, F)``: with many replicas, some at a time, to fit in the cache.

    The number at a time is constant, so that a replica's numbers do not depend on the number of replicas.
    """
    if x.dim() == 2 or x.device.type != "cpu":
        return predict(x)
    return torch.cat([predict(part) for part in x.split(AT_ONCE, -2)], -2)


class _Predictions(dict[Prediction, Tensor]):
    """The network's outputs in each form that a metric may take, each computed once."""

    def __init__(self, outputs: Tensor, loss: Loss, targets: Targets) -> None:
        super().__init__({"scores": outputs})
        self._loss = loss
        self._targets = targets

    def __missing__(self, form: Prediction) -> Tensor:
        prediction = self._targets.decode(self["scores"]) if form == "values" else self._loss.probabilities(self["scores"])
        assert prediction is not None, "a metric that needs probabilities is refused where the loss gives none"
        self[form] = prediction
        return prediction


def _check_shape(name: str, metric: Metric, value: Tensor, outputs: Tensor) -> None:
    wanted = outputs.dim() - 2 + len(metric.axes)
    if value.dim() != wanted:
        raise ConfigError(f"metric {name} returned shape {tuple(value.shape)}: expected {wanted} axes, examples averaged over")


def _parts(metric: Metric, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The single numbers of a metric's value, each with the suffix of its name."""
    sizes = value.shape[value.dim() - len(metric.axes) :]
    for number, index in enumerate(product(*map(range, sizes))):
        yield (
            "".join(f"/{position}" for position in index),
            value.flatten(value.dim() - len(sizes))[..., number] if sizes else value,
        )
