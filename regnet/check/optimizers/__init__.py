"""The checks of an optimizer, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from regnet.check.finding import Finding, Property
from regnet.check.optimizers.side_effects import (
    check_determinism,
    check_double,
    check_empty,
    check_in_place,
    check_purity,
    check_single,
    check_state,
)
from regnet.check.optimizers.steps import check_counterpart, check_descent, check_elementwise, check_replica_options
from regnet.check.options import check_round_trip
from regnet.check.running import Stage
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Optimizer


def optimizer_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of an optimizer, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))

    def on(check: Callable[[Optimizer], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component)

    yield [(Property.CONSTRUCTION, on(lambda optimizer: ()))]
    yield [(Property.DOUBLE, on(check_double)), (Property.IN_PLACE, on(check_in_place))]
    yield [(Property.DETERMINISM, on(check_determinism))]
    yield [
        (Property.COUNTERPART, on(check_counterpart)),
        (Property.DESCENT, on(check_descent)),
        (Property.ELEMENTWISE, on(check_elementwise)),
        (Property.REPLICA_OPTIONS, on(check_replica_options)),
        (Property.PURITY, on(check_purity)),
        (Property.STATE, on(check_state)),
        (Property.STATELESS, lambda: snapshot().changes("keep what is needed from step to step in the state")),
        (Property.SINGLE, on(check_single)),
        (Property.EMPTY, on(check_empty)),
        (Property.ROUND_TRIP, on(lambda optimizer: check_round_trip(subject, optimizer))),
    ]
