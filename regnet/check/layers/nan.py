"""Check that NaN propagates: a network that has broken down shows it, instead of a number that looks like an answer."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from regnet.check.finding import Finding, Location, Property, Situation
from regnet.check.layers.case import MODES, LayerCase, title

ROW = 2
"""The example that has a NaN."""
COMPARED = "a comparison with NaN is false, and its other branch is a number: use clamp, or a branch with x"


def check_nan(case: LayerCase) -> Iterator[Finding]:
    """A NaN in an example's input is in its output, and a NaN in the gradient of its output is in that of its input."""
    for training, mode in MODES.items():
        during = f"{mode.during}, an example with a NaN"
        situation = Situation(during, "must accept NaN")
        x = case.x.clone()
        x[ROW, 0] = torch.nan
        if not case.run(case.context(training), x, situation=situation).y[ROW].isnan().any():
            yield Location(Property.NAN, "output", during).finding("NaN in that row", "numbers", COMPARED)
            return
        dy = case.dy_for(case.x)
        dy[ROW, 0] = torch.nan
        if not case.run(case.context(training), dy=dy, situation=situation).gradients[""][ROW].isnan().any():
            yield Location(Property.NAN, title(""), during).finding("NaN in that row", "numbers", COMPARED)
            return
