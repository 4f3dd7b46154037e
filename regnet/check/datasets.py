"""The checks of a data set: shapes, types, examples that depend only on the seed, and disjoint splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, get_args

import torch
from torch import Tensor

from regnet.check.comparison import extent
from regnet.check.finding import Finding, Location, Property, Skip, Violation, kind_of
from regnet.check.leakage import check_disjoint
from regnet.check.options import check_round_trip
from regnet.check.randomness import global_draws, watched_generators
from regnet.check.running import Stage, calling
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import RECOMMENDABLE, Dataset, Splits, Variation
from regnet.data.form import Flaw, class_flaws, finite_flaws, form, is_splits, shape_flaws
from regnet.errors import one_of
from regnet.rng import stream


def dataset_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of a data set, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))
    loaded = cache(lambda: load(snapshot().component, seed=0))

    def on(check: Callable[[Dataset, Splits], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component, loaded())

    yield [(Property.CONSTRUCTION, lambda: check_recommended(snapshot().component))]
    yield [(Property.SHAPES, on(check_shapes))]
    yield [
        (Property.FINITE, on(check_finite)),
        (Property.CLASSES, on(check_classes)),
        (Property.DETERMINISM, on(check_determinism)),
        (Property.VARIATION, on(check_variation)),
        (Property.DISJOINT, lambda: check_disjoint(loaded())),
        (Property.STATELESS, lambda: snapshot().changes("load generates or reads its examples in every call")),
        (Property.ROUND_TRIP, lambda: check_round_trip(subject, snapshot().component)),
    ]


def check_recommended(dataset: Dataset) -> Iterator[Finding]:
    recommended: Any = dataset.recommended
    if not isinstance(recommended, Mapping):
        cause = 'recommended is a mapping of settings, such as {"loss": "mse"}'
        yield Finding(Property.CONSTRUCTION, "recommended", "a mapping", kind_of(recommended), cause)
        return
    for name in recommended:
        if name not in RECOMMENDABLE:
            cause = "only settings that are auto by default can be recommended"
            yield Finding(Property.CONSTRUCTION, "recommended", one_of(str(name), RECOMMENDABLE), repr(name), cause)


def load(dataset: Dataset, seed: int) -> Splits:
    """The examples of one seed.

    Raises:
        Violation: `load` raises an error, or returns something other than splits.
    """
    with calling("load", "load must give examples for any generator"):
        found: Any = dataset.load(stream(seed, "data"))
    if not is_splits(found):
        expected = "regnet.Splits of two regnet.Split of tensors"
        raise Violation("load()", expected, kind_of(found), "load returns Splits(Split(x, y), Split(x, y), classes)")
    return found


def check_shapes(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    return map(partial(_found, Property.SHAPES), shape_flaws(splits))


def check_finite(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    return map(partial(_found, Property.FINITE), finite_flaws(splits))


def _found(concerned: Property, flaw: Flaw) -> Finding:
    size = "" if flaw.wrong is None else extent(flaw.wrong)
    return Location(concerned, flaw.name).finding(flaw.expected, flaw.got, flaw.cause, flaw.index, size)


def check_classes(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    if splits.classes is None:
        raise Skip("values to be predicted, not classes")
    wrong = list(class_flaws(splits))
    yield from map(partial(_found, Property.CLASSES), wrong)
    if not wrong and splits.classes > 1 and len(splits.train.y.unique()) == 1:
        cause = "perhaps the data are sorted, and split without shuffling"
        yield Location(Property.CLASSES, "train.y").finding(f"{splits.classes} classes", "one class", cause)
    with calling("label", "label gives the class of any input, or None where it is not known"):
        label: Any = dataset.label(splits.train.x)
    cause = "label gives the class number of each input, int64, or None where it is not known"
    if label is not None and not isinstance(label, Tensor):
        yield Location(Property.CLASSES, "label(x)").finding("a tensor or None", kind_of(label), cause)
    elif label is not None and (label.shape != splits.train.y.shape or label.dtype != torch.int64):
        expected = f"shape ({len(splits.train.y)},), int64"
        yield Location(Property.CLASSES, "label(x)").finding(expected, form(label), cause)


def check_determinism(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    with watched_generators() as moved:
        first_splits, second_splits = load(dataset, 3), load(dataset, 3)
    yield from global_draws(Property.DETERMINISM, "load", moved, "the given generator")
    if not moved and not same(first_splits, second_splits):
        cause = "load draws from another generator than the given one, or iterates over a set"
        yield Finding(Property.DETERMINISM, "load()", "the same examples for the same seed", "others", cause)


def check_variation(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    claimed: Any = getattr(dataset, "variation", None)
    if claimed not in get_args(Variation):
        cause = "a data set says in the attribute `variation` how the examples of one seed differ from those of another"
        yield Finding(Property.VARIATION, "variation", one_of(str(claimed), get_args(Variation)), repr(claimed), cause)
        return
    first_splits, second_splits = load(dataset, 1), load(dataset, 2)
    found = _variation(_counted(first_splits), _counted(second_splits))
    if found != claimed:
        expected = f"{IN_TWO_SEEDS[claimed]}, since variation is {claimed!r}"
        cause = f"set variation to {found!r}, or use the generator accordingly: comparisons over seeds depend on it"
        yield Finding(Property.VARIATION, "load()", expected, IN_TWO_SEEDS[found], cause)


IN_TWO_SEEDS = {
    "draws": "other examples for another seed",
    "splits": "the same examples for another seed, split differently",
    "fixed": "the same examples for another seed, split alike",
}


def _variation(first: list[Counter[bytes]], second: list[Counter[bytes]]) -> Variation:
    """How the examples of two seeds differ, given their examples for training and for testing."""
    if first == second:
        return "fixed"
    return "splits" if sum(first, Counter()) == sum(second, Counter()) else "draws"


def _counted(splits: Splits) -> list[Counter[bytes]]:
    """The different examples for training and for testing, with their numbers, in no order."""
    parts = [(part.x.double(), part.y.double().view(len(part.y), -1)) for part in (splits.train, splits.test)]
    return [Counter(row.tobytes() for row in torch.cat(part, -1).nan_to_num().numpy()) for part in parts]


def same(a: Splits, b: Splits) -> bool:
    """Whether both hold the same examples; NaN equals NaN."""
    pairs = [(a.train.x, b.train.x), (a.train.y, b.train.y), (a.test.x, b.test.x), (a.test.y, b.test.y)]
    return all(x.shape == y.shape and torch.allclose(x, y, rtol=0, atol=0, equal_nan=True) for x, y in pairs)
