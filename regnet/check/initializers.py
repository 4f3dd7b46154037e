"""The checks of an initializer: shapes, numbers that depend only on the seed, and the claimed standard deviation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Finding, Location, Property, Situation, Skip, Violation, kind_of, type_name
from regnet.check.options import check_round_trip
from regnet.check.patterns import number
from regnet.check.randomness import global_draws, looks_random, watched_generators
from regnet.check.running import Stage, calling
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Initializer

SIZES = ((3, 2), (1, 4), (5, 1))
LARGE = (300, 200)
"""Sizes for checking moments: large, and different from each other, so that confusing them is noticed."""
STANDARD_ERRORS = 5.0


def initializer_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of an initializer, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))

    def on(check: Callable[[Initializer], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component)

    yield [(Property.CONSTRUCTION, on(lambda initializer: ()))]
    yield [(Property.SHAPES, on(check_shapes))]
    yield [(Property.DETERMINISM, on(check_determinism))]
    yield [
        (Property.INDEPENDENCE, on(check_independence)),
        (Property.FINITE, on(check_finite)),
        (Property.MOMENTS, on(check_moments)),
        (Property.STATELESS, lambda: snapshot().changes("an initializer draws new numbers in every call")),
        (Property.ROUND_TRIP, on(lambda initializer: check_round_trip(subject, initializer))),
    ]


def draw(initializer: Initializer, what: str, sizes: tuple[int, int], seed: int = 0) -> Tensor:
    """The weight or the bias for these sizes.

    Raises:
        Violation: the initializer raises an error, or returns something other than a tensor.
    """
    with calling(what, Situation(f"sizes {sizes}", "an initializer must work for any sizes")):
        found: Any = getattr(initializer, what)(*sizes, torch.Generator().manual_seed(seed))
    if not isinstance(found, Tensor):
        raise Violation(f"{what}()", "a tensor", kind_of(found), f"{what} returns a tensor")
    return found


def check_shapes(initializer: Initializer) -> Iterator[Finding]:
    for sizes in SIZES:
        for what, expected in (("weight", sizes), ("bias", sizes[:1])):
            found = draw(initializer, what, sizes)
            during = f"out_features {sizes[0]}, in_features {sizes[1]}"
            if tuple(found.shape) != expected:
                cause = (
                    "transposed"
                    if tuple(found.shape) == sizes[::-1]
                    else "a weight is (out_features, in_features), a bias (out_features,)"
                )
                yield Location(Property.SHAPES, what, during).finding(f"shape {expected}", f"shape {tuple(found.shape)}", cause)
            elif not found.is_floating_point():
                cause = "weights are numbers to compute with: .float()"
                yield Location(Property.SHAPES, what, during).finding("a floating point type", type_name(found.dtype), cause)


def check_determinism(initializer: Initializer) -> Iterator[Finding]:
    for what in ("weight", "bias"):
        with watched_generators() as moved:
            first, second = (draw(initializer, what, SIZES[0], seed=4) for _ in range(2))
        yield from global_draws(Property.DETERMINISM, what, moved, "the given generator")
        if not moved and not torch.equal(first, second):
            cause = "draws from another generator than the given one"
            yield Location(Property.DETERMINISM, what).finding("the same numbers for the same seed", "others", cause)


def check_independence(initializer: Initializer) -> Iterator[Finding]:
    for what in ("weight", "bias"):
        first, second = (draw(initializer, what, LARGE, seed) for seed in (1, 2))
        if torch.equal(first, second) and looks_random(first):
            cause = "ignores the given generator: the numbers look random, but are the same for every seed"
            yield Location(Property.INDEPENDENCE, what).finding("other numbers for another seed", "the same", cause)


def check_finite(initializer: Initializer) -> Iterator[Finding]:
    for sizes in (*SIZES, LARGE):
        for what in ("weight", "bias"):
            if not draw(initializer, what, sizes).isfinite().all():
                cause = "a division by zero, or an overflow"
                yield Location(Property.FINITE, what, f"sizes {sizes}").finding("finite numbers", "nan or infinity", cause)


def claimed_std(initializer: Initializer, out_features: int, in_features: int) -> float | None:
    """The standard deviation that the initializer claims for its weights; None if it claims none."""
    with calling("std", "std gives the standard deviation of a weight for these sizes, or None"):
        return initializer.std(out_features, in_features)


def check_moments(initializer: Initializer) -> Iterator[Finding]:
    """Each moment is within five standard errors: s / √N for the mean, s √((k - 1) / 4N) for the deviation s.

    N is the number of weights and k their measured kurtosis.
    """
    weight = draw(initializer, "weight", LARGE).double()
    count, mean, std = weight.numel(), weight.mean().item(), weight.std().item()
    if not looks_random(weight):
        raise Skip("the weights are not random")
    during = f"out_features {LARGE[0]}, in_features {LARGE[1]}"
    if abs(mean) > STANDARD_ERRORS * std / math.sqrt(count):
        cause = "off centre: torch.rand is uniform in [0, 1), take 2 * rand - 1; or a constant is added"
        yield Location(Property.MOMENTS, "mean of the weight", during).finding("0", f"{mean:.4g}", cause)
    claim = claimed_std(initializer, *LARGE)
    if claim is None:
        return
    kurtosis = ((weight - mean) / std).pow(4).mean().item()
    if abs(std - claim) > STANDARD_ERRORS * claim * math.sqrt((kurtosis - 1) / (4 * count)):
        name = "standard deviation of the weight"
        yield Location(Property.MOMENTS, name, during).finding(f"{claim:.4g}", f"{std:.4g}", _scale_cause(std, claim))


def _scale_cause(std: float, claim: float) -> str:
    out_features, in_features = LARGE
    known = {
        math.sqrt(out_features / in_features): "scaled by in_features where out_features is meant",
        math.sqrt(in_features / out_features): "scaled by out_features where in_features is meant",
        claim: "the variance is used where the standard deviation is meant: take its square root",
        1 / math.sqrt(claim): "the square root of the standard deviation is used where the standard deviation is meant",
        math.sqrt(3): "the deviation of a normal is used as the bound of a uniform distribution, or the other way round",
        1 / math.sqrt(3): "a uniform distribution's bound is taken for its deviation, which is smaller by √3",
        math.sqrt(2): "a factor √2 too much in the deviation: 2 in the variance",
        1 / math.sqrt(2): "a factor √2 is missing in the deviation: 2 in the variance",
        2.0: "off by a factor 2",
        0.5: "off by a factor 1/2",
    }
    ratio = std / claim
    nearest = min(known, key=lambda factor: abs(math.log(factor / ratio)))
    return known[nearest] if abs(nearest / ratio - 1) < 0.02 else f"off by a factor {number(round(ratio, 3))}"
