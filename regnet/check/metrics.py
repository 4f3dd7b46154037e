"""The checks of a metric: its description, shapes, replicas, bounds, and which direction is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from math import inf
from typing import Any, Final, NamedTuple, get_args

import torch
from torch import Tensor

from regnet.check.comparison import EXACT, Tolerance, compare
from regnet.check.finding import Finding, Location, Property, Situation, Violation, kind_of
from regnet.check.mutation import IN_PLACE, Watched
from regnet.check.options import check_round_trip
from regnet.check.randomness import global_draws, watched_generators
from regnet.check.running import Stage, calling
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Metric, Prediction

EXAMPLES, CLASSES, REPLICAS = 40, 3, 3
BOUND: Final = 1e-9
"""How far rounding may take a value beyond its bounds."""


SINGLE: Final = Tolerance(1e-3, 1e-3)


class _Case(NamedTuple):
    """Predictions in double precision, and answers."""

    prediction: Tensor
    target: Tensor


def metric_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of a metric, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))

    def on(check: Callable[[Metric], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component)

    yield [(Property.CONSTRUCTION, on(lambda metric: ()))]
    yield [(Property.DESCRIPTION, on(check_description))]
    yield [(Property.SHAPES, on(check_shapes))]
    yield [(Property.DETERMINISM, on(check_determinism))]
    yield [
        (Property.REPLICAS, on(check_replicas)),
        (Property.BOUNDS, on(check_bounds)),
        (Property.DIRECTION, on(check_direction)),
        (Property.ORDER, on(check_order)),
        (Property.UNDEFINED, on(check_undefined)),
        (Property.PURITY, on(check_purity)),
        (Property.SINGLE, on(check_single)),
        (Property.STATELESS, lambda: snapshot().changes("compute receives everything it needs")),
        (Property.ROUND_TRIP, on(lambda metric: check_round_trip(subject, metric))),
    ]


def example(takes: Prediction, *replicas: int, examples: int = EXAMPLES, classes: int = CLASSES, seed: int = 0) -> _Case:
    """Random predictions ``(*R, N, K)`` and answers; every class occurs."""
    generator = torch.Generator().manual_seed(seed)
    outputs = torch.randn(*replicas, examples, classes, generator=generator, dtype=torch.float64)
    if takes == "values":
        return _Case(outputs, torch.randn(*replicas, examples, classes, generator=generator, dtype=torch.float64))
    target = torch.arange(examples).remainder(classes)[torch.randperm(examples, generator=generator)]
    prediction = outputs.softmax(-1) if takes == "probabilities" else outputs
    return _Case(prediction, target.expand(*replicas, examples).clone())


def perfect(takes: Prediction, target: Tensor, classes: int = CLASSES) -> Tensor:
    """Predictions that are right, with full certainty."""
    if takes == "values":
        return target.clone()
    return torch.nn.functional.one_hot(target, classes).double()


def value(metric: Metric, case: _Case, during: str) -> Tensor:
    """What `compute` returns.

    Raises:
        Violation: `compute` raises an error, or returns something other than a tensor.
    """
    with calling("compute", Situation("a metric must accept any predictions", during)):
        found: Any = metric.compute(*case)
    if not isinstance(found, Tensor):
        raise Violation("compute()", "a tensor", kind_of(found), "compute returns a tensor, a value for each replica", during)
    return found


def check_description(metric: Metric) -> Iterator[Finding]:
    cls = type(metric)

    def finding(name: str, expected: str, got: object) -> Finding:
        return Location(Property.DESCRIPTION, name).finding(expected, repr(got), "tables, figures and statistics rely on it")

    takes, better = getattr(cls, "takes", None), getattr(cls, "better", None)
    if takes not in get_args(Prediction):
        yield finding("takes", " or ".join(get_args(Prediction)), takes)
    if better not in ("smaller", "larger"):
        yield finding("better", "smaller or larger", better)
    title = getattr(cls, "title", None)
    if not isinstance(title, str) or not title:
        yield finding("title", "a text", title)
    if not cls.smallest < cls.largest:
        yield finding("smallest and largest", "smallest < largest", (cls.smallest, cls.largest))
    if not 0 < cls.scale < inf:
        yield finding("scale", "a number above 0", cls.scale)
    if not isinstance(cls.axes, tuple) or not all(isinstance(axis, str) for axis in cls.axes):
        yield finding("axes", "a tuple of texts", cls.axes)


def check_shapes(metric: Metric) -> Iterator[Finding]:
    for replicas in ((), (REPLICAS,)):
        found = value(metric, example(metric.takes, *replicas), f"replicas {replicas}")
        at = Location(Property.SHAPES, "value", f"replicas {replicas}")
        wanted = f"shape {replicas} and {len(metric.axes)} axes of a table"
        if tuple(found.shape[: len(replicas)]) != replicas or found.dim() != len(replicas) + len(metric.axes):
            cause = "reduce only the axes of examples and outputs, counted from the end: -1 and -2"
            yield at.finding(wanted, f"shape {tuple(found.shape)}", cause)
        elif not found.is_floating_point():
            yield at.finding("a floating point type", str(found.dtype), "a metric is a number that can be averaged: .double()")


def check_replicas(metric: Metric) -> Iterator[Finding]:
    case = example(metric.takes, REPLICAS)
    together = value(metric, case, "replicas")
    for replica in range(REPLICAS):
        alone = value(metric, _Case(case.prediction[replica], case.target[replica]), "one replica")
        yield from compare(Location(Property.REPLICAS, f"value of replica {replica}"), together[replica], alone)


def check_bounds(metric: Metric) -> Iterator[Finding]:
    for seed in range(5):
        random = example(metric.takes, REPLICAS, seed=seed)
        for case in (random, _Case(perfect(metric.takes, random.target), random.target)):
            found = value(metric, case, "bounds")
            defined = found[found.isfinite()]
            outside = defined[(defined < metric.smallest - BOUND) | (defined > metric.largest + BOUND)]
            if outside.numel():
                expected = f"from {metric.smallest:g} to {metric.largest:g}"
                cause = "intervals are clipped to smallest and largest, so values must be within them"
                yield Location(Property.BOUNDS, "value").finding(expected, f"{outside[0].item():.6g}", cause)
                return


def check_direction(metric: Metric) -> Iterator[Finding]:
    """Right predictions have a better value than random ones."""
    if metric.axes:
        return
    case = example(metric.takes)
    random = value(metric, case, "random predictions").item()
    best = value(metric, _Case(perfect(metric.takes, case.target), case.target), "right predictions")
    sign = 1 if metric.better == "smaller" else -1
    if not sign * best.item() < sign * random:
        expected = f"a {metric.better} value for right predictions than for random ones ({random:.4g})"
        yield Location(Property.DIRECTION, "value").finding(expected, f"{best.item():.4g}", "better names the wrong direction")


def check_order(metric: Metric) -> Iterator[Finding]:
    case = example(metric.takes)
    order = torch.randperm(EXAMPLES, generator=torch.Generator().manual_seed(1))
    moved = value(metric, _Case(case.prediction[order], case.target[order]), "examples in another order")
    yield from compare(Location(Property.ORDER, "value"), moved, value(metric, case, "order"))


def check_undefined(metric: Metric) -> Iterator[Finding]:
    """A single example, and examples of a single class, give a value or NaN, never an error or an infinity."""
    for count in (1, 5):
        case = example(metric.takes, examples=count)
        same = _Case(case.prediction, torch.zeros_like(case.target))
        found = value(metric, same, f"{count} equal answers")
        if found.isinf().any():
            cause = "if the value is undefined, return NaN: torch.where(count > 0, …, torch.nan)"
            yield Location(Property.UNDEFINED, "value", f"{count} equal answers").finding("a number or NaN", "an infinity", cause)


def check_determinism(metric: Metric) -> Iterator[Finding]:
    with watched_generators() as moved:
        first, second = (value(metric, example(metric.takes), "called twice") for _ in range(2))
    yield from global_draws(Property.DETERMINISM, "compute", moved, "no generator: a metric is not random, but draws")
    if not moved:
        yield from compare(Location(Property.DETERMINISM, "value", "called twice"), second, first, tolerance=EXACT)


def check_purity(metric: Metric) -> Iterator[Finding]:
    case = example(metric.takes)
    watched = Watched({"prediction": case.prediction, "target": case.target})
    value(metric, case, "purity")
    yield from watched.changed("compute", IN_PLACE, "")


def check_single(metric: Metric) -> Iterator[Finding]:
    case = example(metric.takes)
    single = _Case(case.prediction.float(), case.target if metric.takes != "values" else case.target.float())
    found = value(metric, single, "single precision").double()
    yield from compare(
        Location(Property.SINGLE, "value"), found, value(metric, case, "double precision").double(), tolerance=SINGLE
    )
