"""Check a loss where predictions are not ordinary: NaN, or so large that their differences cancel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import torch

from regnet.check.comparison import Tolerance, compare
from regnet.check.finding import Finding, Location, Property
from regnet.check.losses.example import BATCH, OUTPUTS, each_coding, gradient, value
from regnet.check.losses.gradients import NAME
from regnet.contracts import Loss

ROW = 2
"""The example that has a NaN."""
COMPARED = "a comparison with NaN is false, and its other branch is a number: use clamp, or a branch with y"
CANCELS = (
    "large numbers are subtracted from each other at the end: subtract the largest logit first, "
    "and use log1p, logaddexp or log_softmax"
)
SCALES: Final = (1e-20, 1e-6, 1.0, 1e3, 1e8, 1e15)
"""Sizes of predictions."""
SINGLE: Final = Tolerance(1e-5, 1e-5)
"""For a value in single precision against one in double precision."""


def check_nan(loss: Loss) -> Iterator[Finding]:
    """A NaN in a prediction is in the value, and in the gradient of that prediction."""
    for at in each_coding(loss, BATCH, OUTPUTS):
        at.prediction[ROW, 0] = torch.nan
        during = f"{at.during}, a prediction with a NaN"
        if not value(loss, at, during).isnan().all():
            yield Location(Property.NAN, "value", during).finding("NaN", "a number", COMPARED)
        if not gradient(loss, at, during)[ROW].isnan().any():
            yield Location(Property.NAN, NAME, during).finding("NaN in that row", "numbers", COMPARED)


def check_range(loss: Loss) -> Iterator[Finding]:
    """Values in single precision equal those in double precision, for predictions of every size."""
    for at in each_coding(loss, BATCH, OUTPUTS):
        cases = {f"predictions of size {scale:g}": at.prediction * scale for scale in SCALES}
        cases |= {f"equal predictions of size {scale:g}": torch.full_like(at.prediction, scale) for scale in SCALES}
        for title, prediction in cases.items():
            exact = replace(at, prediction=prediction.float().double())
            during = f"{at.during}, {title}"
            expected = value(loss, exact, during)
            got = value(loss, exact.to(torch.float32), during).double()
            if expected.abs() < torch.finfo(torch.float32).max:
                for finding in compare(Location(Property.RANGE, "value", during), got, expected, tolerance=SINGLE):
                    yield replace(finding, cause=CANCELS)
                    return
