"""Compare the gradient that a loss's `backward` returns with autograd and with measured slopes of `forward`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from regnet.check.comparison import SLOPE, compare, where_judged
from regnet.check.diagnosis import Clues
from regnet.check.finding import Finding, Location, Property, Skip
from regnet.check.finite_differences import Slopes, slopes
from regnet.check.losses.example import BATCH, OUTPUTS, Example, codings, each_coding, example, gradient, value
from regnet.contracts import Coding, Loss

DRAWS = 8
"""The number of predictions to try until they are away from every kink."""

FACTORS = {
    float(BATCH): "not averaged over the batch",
    1 / BATCH: "averaged over the batch twice",
    float(OUTPUTS): "not averaged over the outputs, but forward is",
    1 / OUTPUTS: "averaged over the outputs, but forward sums",
    float(BATCH * OUTPUTS): "averaged neither over the batch nor over the outputs",
    1 / (BATCH * OUTPUTS): "averaged over batch and outputs twice",
}
"""Factors by which a loss's gradient is often off."""

NAME = "gradient of the prediction"


def check_autograd(loss: Loss) -> Iterator[Finding]:
    for at in each_coding(loss, BATCH, OUTPUTS):
        prediction = at.prediction.clone().requires_grad_()
        try:
            (expected,) = torch.autograd.grad(loss.forward(prediction.clone(), at.target.clone()).sum(), [prediction])
        except Exception as error:
            message = " ".join(str(error).split())[:120]
            raise Skip(f"autograd cannot differentiate forward ({message})") from error
        yield from compare(
            Location(Property.AUTOGRAD, NAME, at.during), gradient(loss, at), expected, clues=partial(clues, at, expected)
        )


def check_differences(loss: Loss) -> Iterator[Finding]:
    for coding in codings(loss):
        at, measured = _measured(loss, coding)
        got, expected = gradient(loss, at), measured.values
        location, judged = Location(Property.DIFFERENCES, NAME, at.during), where_judged(got, expected, measured.smooth)
        yield from compare(location, got, judged, clues=partial(clues, at, expected), tolerance=SLOPE)


def _measured(loss: Loss, coding: Coding) -> tuple[Example, Slopes]:
    """Slopes at predictions away from kinks, as a Huber loss has: see `regnet.check.finite_differences`."""
    best: tuple[Example, Slopes] | None = None
    for seed in range(1, DRAWS + 1):
        at = example(coding, BATCH, OUTPUTS, seed=seed)
        found = slopes(partial(value, loss, at), at.prediction)
        if best is None or found.smooth.sum() > best[1].smooth.sum():
            best = at, found
        if found.smooth.all():
            break
    assert best is not None
    return best


def clues(at: Example, right: Tensor) -> Clues:
    """The results of common mistakes in a loss's backward; `right` is the right gradient."""
    prediction, target = at.prediction, at.full_target
    without = {"softmax": prediction - prediction.softmax(-1), "sigmoid": prediction - prediction.sigmoid()}
    suspects = [
        (f"the {name} is missing: the prediction is used instead of its {name}", right + extra / count)
        for name, extra in without.items()
        for count in (1, BATCH, BATCH * OUTPUTS)
    ]
    terms = {"the target": target, "the prediction": prediction}
    return Clues(FACTORS, suspects, terms, {"prediction less target": prediction - target, "the prediction": prediction})
