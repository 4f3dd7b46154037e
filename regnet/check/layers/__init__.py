"""The checks of a layer, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from regnet.check.finding import Finding, Property
from regnet.check.layers.batches import check_empty, check_one_example
from regnet.check.layers.case import LayerCase, make_case
from regnet.check.layers.counterpart import check_counterpart
from regnet.check.layers.evidence import measure
from regnet.check.layers.gradients import check_autograd, check_differences, check_half, gradients_right
from regnet.check.layers.nan import check_nan
from regnet.check.layers.purity import check_purity, check_stateless
from regnet.check.layers.repeat import check_determinism, check_independence, check_predicting
from regnet.check.layers.replicas import check_replica_options, check_replicas
from regnet.check.layers.shapes import check_double, check_finite, check_replica_shapes, check_shapes, check_single
from regnet.check.options import check_round_trip
from regnet.check.running import Stage
from regnet.check.subject import Subject


def layer_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of a layer, by stage."""
    case = cache(lambda: make_case(subject))
    evidence = cache(lambda training: measure(case(), training))

    def on(check: Callable[[LayerCase], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(case())

    yield [(Property.CONSTRUCTION, on(lambda case: ()))]
    yield [(Property.SHAPES, on(check_shapes))]
    yield [(Property.DOUBLE, on(check_double))]
    yield [(Property.FINITE, on(check_finite)), (Property.DETERMINISM, on(check_determinism))]
    yield [
        (Property.AUTOGRAD, on(lambda case: check_autograd(case, evidence))),
        (Property.DIFFERENCES, on(lambda case: check_differences(case, evidence))),
        (Property.HALF, on(check_half)),
        (Property.REPLICA_SHAPES, on(check_replica_shapes)),
        (Property.REPLICAS, on(check_replicas)),
        (Property.REPLICA_OPTIONS, on(check_replica_options)),
        (Property.PURITY, on(check_purity)),
        (Property.STATELESS, on(check_stateless)),
        (Property.SINGLE, on(check_single)),
        (Property.INDEPENDENCE, on(check_independence)),
        (Property.PREDICTING, on(check_predicting)),
        (Property.ONE_EXAMPLE, on(lambda case: check_one_example(case, gradients_right(case, evidence)))),
        (Property.EMPTY, on(lambda case: check_empty(case, gradients_right(case, evidence)))),
        (Property.NAN, on(check_nan)),
        (Property.COUNTERPART, on(check_counterpart)),
        (Property.ROUND_TRIP, on(lambda case: check_round_trip(subject, case.layer))),
    ]
