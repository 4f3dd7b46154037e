"""Compare a layer's gradients of its input and of every parameter, at every index, with autograd and with measured slopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from regnet.check.comparison import ROUNDING, SLOPE, Tolerance, compare, where_judged
from regnet.check.finding import Finding, Location, Property, Skip
from regnet.check.layers.case import MODES, SECOND_HALF, LayerCase, title
from regnet.check.layers.clues import gradient_clues
from regnet.check.layers.evidence import Evidence, Measured
from regnet.check.layers.start import converted

MISLED = (
    "backward agrees with autograd, but neither is the slope of forward: autograd is misled by detach, a straight-through "
    "estimator or a torch.autograd.Function"
)
HIDDEN = (
    "forward hides a part of itself from autograd (detach, .data, numpy, no_grad): backward is right, but the torch engine, "
    "which differentiates forward, would train differently"
)


def check_autograd(case: LayerCase, evidence: Evidence) -> Iterator[Finding]:
    for at in map(evidence, MODES):
        for name, expected in at.autograd.items():
            location = Location(Property.AUTOGRAD, title(name), at.during)
            hand, measured = at.hand[name], at.slopes[name]
            if _is_slope(at, name, hand) and not _is_slope(at, name, expected):
                yield location.finding("the gradient of forward by autograd", "the slope by central differences", HIDDEN)
            else:
                judged = where_judged(hand, expected, measured.smooth) if at.is_smooth else expected
                yield from compare(location, hand, judged, clues=partial(gradient_clues, at, name, expected))


def check_differences(case: LayerCase, evidence: Evidence) -> Iterator[Finding]:
    measurements = [evidence(training) for training in MODES]
    if not any(at.is_smooth for at in measurements):
        counts = "; ".join(f"{at.during}, {at.kinks} of {at.numbers}" for at in measurements)
        raise Skip(f"forward has a kink or jump where slopes would be measured ({counts})")
    for at in measurements:
        for name, measured in at.slopes.items() if at.is_smooth else ():
            location, hand = Location(Property.DIFFERENCES, title(name), at.during), at.hand[name]
            judged = where_judged(hand, measured.values, measured.smooth)
            clues = partial(gradient_clues, at, name, measured.values)
            for finding in compare(location, hand, judged, clues=clues, tolerance=SLOPE):
                yield replace(finding, cause=MISLED) if _is_autograds(at, name) else finding


def gradients_right(case: LayerCase, evidence: Evidence) -> bool:
    """Whether all gradients agree with autograd and with the slopes, as far as these are available."""
    for check in (check_autograd, check_differences):
        try:
            if any(True for _ in check(case, evidence)):
                return False
        except Skip:
            continue
    return True


def _is_slope(at: Measured, name: str, gradient: Tensor) -> bool:
    measured = at.slopes[name]
    return at.is_smooth and _close(gradient, where_judged(gradient, measured.values, measured.smooth), SLOPE)


def _is_autograds(at: Measured, name: str) -> bool:
    try:
        return _close(at.hand[name], at.autograd[name], ROUNDING)
    except Skip:
        return False


def _close(a: Tensor, b: Tensor, tolerance: Tolerance) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance.relative, atol=tolerance.absolute)


def check_half(case: LayerCase) -> Iterator[Finding]:
    """The gradients of the parameters alone, as `gradients` computes them, equal those of `backward`."""
    for training, mode in MODES.items():
        expected = case.run(case.context(training)).gradients
        with torch.inference_mode():
            params = converted(case.params, torch.float64)
            _, cache = case.forward(params, case.x.clone(), case.context(training), mode)
            got = case.half(params, cache, case.dy_for(case.x), replace(mode, cause=SECOND_HALF))
        for name in case.start.trained:
            location = Location(Property.HALF, title(name), mode.during)
            if name in got:
                yield from compare(location, got[name], expected[name])
            else:
                yield location.finding("a tensor", "nothing", "gradients leaves out a parameter that backward has")
