"""Check that a loss has no side effects: it changes no tensor, stores nothing, and draws no random numbers."""

from __future__ import annotations

from collections.abc import Iterator

from regnet.check.comparison import EXACT, compare
from regnet.check.finding import Finding, Location, Property
from regnet.check.losses.example import BATCH, OUTPUTS, each_coding, gradient, value
from regnet.check.losses.gradients import NAME
from regnet.check.mutation import IN_PLACE, Watched
from regnet.check.randomness import global_draws, watched_generators
from regnet.contracts import Loss


def check_purity(loss: Loss) -> Iterator[Finding]:
    for at in each_coding(loss, BATCH, OUTPUTS):
        watched = Watched({"prediction": at.prediction, "target": at.target})
        value(loss, at, copy=False)
        found = list(watched.changed("forward", IN_PLACE, at.during))
        if not found:
            gradient(loss, at, copy=False)
            found = list(watched.changed("backward", IN_PLACE, at.during))
        yield from found


def check_determinism(loss: Loss) -> Iterator[Finding]:
    for at in each_coding(loss, BATCH, OUTPUTS):
        with watched_generators() as moved:
            first, second = value(loss, at), value(loss, at)
            gradient(loss, at)
        yield from global_draws(Property.DETERMINISM, "forward", moved, "no generator: a loss is not random, but draws")
        if not moved:
            yield from compare(
                Location(Property.DETERMINISM, "value", f"{at.during}, called twice"), second, first, tolerance=EXACT
            )


def check_interleaved(loss: Loss) -> Iterator[Finding]:
    """A forward with other predictions between a forward and its backward makes no difference."""
    at, changed = next(each_coding(loss, BATCH, OUTPUTS)), next(each_coding(loss, BATCH, OUTPUTS))
    value(loss, at)
    expected = gradient(loss, at)
    changed.prediction.add_(1)
    value(loss, changed)
    yield from compare(Location(Property.STATELESS, NAME, "another forward in between"), gradient(loss, at), expected)
