"""The checks of a loss, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain

from regnet.check.finding import Finding, Property
from regnet.check.losses.agreement import (
    check_codings,
    check_counterpart,
    check_double,
    check_one_example,
    check_probabilities,
    check_replicas,
    check_single,
)
from regnet.check.losses.extremes import check_nan, check_range
from regnet.check.losses.gradients import check_autograd, check_differences
from regnet.check.losses.purity import check_determinism, check_interleaved, check_purity
from regnet.check.options import check_round_trip
from regnet.check.running import Stage
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Loss

INSTEAD = "backward receives the prediction and the target again"


def loss_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of a loss, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))

    def on(check: Callable[[Loss], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component)

    yield [(Property.CONSTRUCTION, on(lambda loss: ()))]
    yield [(Property.CODINGS, on(check_codings))]
    yield [(Property.DOUBLE, on(check_double))]
    yield [(Property.DETERMINISM, on(check_determinism))]
    yield [
        (Property.AUTOGRAD, on(check_autograd)),
        (Property.DIFFERENCES, on(check_differences)),
        (Property.REPLICAS, on(check_replicas)),
        (Property.PURITY, on(check_purity)),
        (Property.STATELESS, lambda: chain(snapshot().changes(INSTEAD), check_interleaved(snapshot().component))),
        (Property.SINGLE, on(check_single)),
        (Property.ONE_EXAMPLE, on(check_one_example)),
        (Property.COUNTERPART, on(check_counterpart)),
        (Property.PROBABILITIES, on(check_probabilities)),
        (Property.NAN, on(check_nan)),
        (Property.RANGE, on(check_range)),
        (Property.ROUND_TRIP, on(lambda loss: check_round_trip(subject, loss))),
    ]
