"""Check the smallest batches: a single example, as in the last batch of an epoch, and no example."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from regnet.check.comparison import compare
from regnet.check.finding import Finding, Location, Property, Situation, Skip
from regnet.check.layers.case import MODES, LayerCase, normal, title
from regnet.check.layers.start import named

SQUEEZED = "an axis of length 1 was squeezed away: squeeze a named axis only"
UNBIASED = "a statistic over the batch divides by B - 1, which is zero for a single example (use correction=0)"
LOST = "the batch size changes"
MEAN = "a mean over no examples is NaN: sum over the batch instead, or divide by max(B, 1)"


def check_one_example(case: LayerCase, gradients_right: bool) -> Iterator[Finding]:
    """Shapes and finite numbers; also gradients, unless those of a whole batch are wrong, which is reported already."""
    x = normal(1, case.in_features)
    for training, mode in {False: MODES[False]}.items() if case.layer.smallest_batch > 1 else MODES.items():
        during = f"{mode.during}, batch of 1"
        situation = Situation(during, "cannot take a batch of one, as the last of an epoch may be")
        found = case.run(case.context(training), x, situation=situation)
        if tuple(found.y.shape) != (1, case.out_features):
            yield Location(Property.ONE_EXAMPLE, "output", during).shape_finding((1, case.out_features), found.y, SQUEEZED)
            return
        for name, tensor in {"output": found.y, **{title(name): gradient for name, gradient in found.gradients.items()}}.items():
            if not tensor.isfinite().all():
                yield Location(Property.ONE_EXAMPLE, name, during).finding("finite numbers", "nan or infinity", UNBIASED)
                return
        for name, expected in _by_autograd(case, training).items() if gradients_right else ():
            yield from compare(Location(Property.ONE_EXAMPLE, title(name), during), found.gradients[name], expected)


def _by_autograd(case: LayerCase, training: bool) -> dict[str, torch.Tensor]:
    x = normal(1, case.in_features)
    try:
        return case.autograd(training, x, case.dy_for(x))
    except Skip:
        return {}


def check_empty(case: LayerCase, gradients_right: bool) -> Iterator[Finding]:
    """The output is empty and the parameters' gradients are zero; the latter is checked if gradients of a whole batch are right."""
    x = torch.empty(0, case.in_features, dtype=torch.float64)
    modes = {False: MODES[False]} if case.start.buffers else MODES  # an empty batch has no statistics
    for training, mode in modes.items():
        during = f"{mode.during}, batch of 0"
        found = case.run(case.context(training), x, situation=Situation(during, "cannot take an empty batch"))
        for name, tensor, features in (("output", found.y, case.out_features), (title(""), found.gradients[""], case.in_features)):
            if tuple(tensor.shape) != (0, features):
                yield Location(Property.EMPTY, name, during).shape_finding((0, features), tensor, LOST)
        for name, value in named(case.params).items() if gradients_right else ():
            if name in found.gradients and not torch.equal(found.gradients[name], torch.zeros_like(value)):
                yield Location(Property.EMPTY, title(name), during).finding("zeros", "other numbers", MEAN)
