"""The checks of a data set: shapes, types, examples that depend only on the seed, and disjoint splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor

from regnet.check.comparison import extent, first
from regnet.check.finding import Finding, Location, Property, Skip, Violation, kind_of, type_name
from regnet.check.leakage import check_disjoint
from regnet.check.options import check_round_trip
from regnet.check.randomness import global_draws, watched_generators
from regnet.check.running import Stage, calling
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Dataset, Split, Splits
from regnet.data.prepare import load_splits
from regnet.rng import stream

MATRIX = "inputs are a matrix with a row for each example, as wide in one split as in the other"


def dataset_stages(subject: Subject) -> Iterator[Stage]:
    """The checks of a data set, by stage."""
    snapshot = cache(lambda: Snapshot.of(subject.make()))
    loaded = cache(lambda: load(snapshot().component, seed=0))

    def on(check: Callable[[Dataset, Splits], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
        return lambda: check(snapshot().component, loaded())

    yield [(Property.CONSTRUCTION, lambda: nothing_wrong(snapshot()))]
    yield [(Property.SHAPES, on(check_shapes))]
    yield [
        (Property.FINITE, on(check_finite)),
        (Property.CLASSES, on(check_classes)),
        (Property.DETERMINISM, on(check_determinism)),
        (Property.REDRAW, on(check_redraw)),
        (Property.DISJOINT, lambda: check_disjoint(loaded())),
        (Property.STATELESS, lambda: snapshot().changes("load generates or reads its examples in every call")),
        (Property.ROUND_TRIP, lambda: check_round_trip(subject, snapshot().component)),
    ]


def nothing_wrong(snapshot: Snapshot) -> tuple[Finding, ...]:
    """No findings: constructing the component is the whole check."""
    return ()


def load(dataset: Dataset, seed: int) -> Splits:
    """The examples of one seed, regardless of `redraw`.

    Raises:
        Violation: `load` raises an error, or returns something other than splits.
    """
    with calling("load", "load must give examples for any generator"):
        found: Any = dataset.load(stream(seed, "data"))
    tensors = [getattr(getattr(found, split, None), name, None) for split in ("train", "test") for name in ("x", "y")]
    if not isinstance(found, Splits) or not all(isinstance(tensor, Tensor) for tensor in tensors):
        expected = "regnet.Splits of two regnet.Split of tensors"
        raise Violation("load()", expected, kind_of(found), "load returns Splits(Split(x, y), Split(x, y), classes)")
    return found


def named_splits(splits: Splits) -> list[tuple[str, Split]]:
    """Both splits, each with its name."""
    return [("train", splits.train), ("test", splits.test)]


def check_shapes(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    """Inputs are ``(N, F)`` floating point; answers are class numbers ``(N,)`` int64, or values ``(N, K)`` floating point."""
    classes: Any = splits.classes
    if classes is not None and (type(classes) is not int or classes < 1):
        cause = "the number of classes, or None where values are to be predicted"
        yield Location(Property.SHAPES, "classes").finding("a whole number, or None", repr(classes), cause)
    features = splits.train.x.shape[-1] if splits.train.x.dim() == 2 else None
    for side, split in named_splits(splits):
        x, name = split.x, f"{side}.x"
        if x.dim() != 2 or not len(x) or x.shape[-1] != features:
            yield _form(name, f"shape (N, {features or 'F'}) with N at least 1", x, MATRIX)
        elif not x.is_floating_point():
            yield _form(name, "a floating point type", x, "inputs are numbers to compute with: x.float()")
        yield from _check_values(side, split) if splits.classes is None else _check_numbers(side, split)


def _check_values(side: str, split: Split) -> Iterator[Finding]:
    y, name = split.y, f"{side}.y"
    if y.dim() != 2 or len(y) != len(split.x):
        yield _form(name, f"shape ({len(split.x)}, K)", y, "values to predict are a matrix (N, K): y.unsqueeze(-1)")
    elif not y.is_floating_point():
        yield _form(name, "a floating point type", y, "values to predict are floating point; or classes=... is missing")


def _check_numbers(side: str, split: Split) -> Iterator[Finding]:
    y, name = split.y, f"{side}.y"
    if y.dim() != 1 or len(y) != len(split.x):
        yield _form(name, f"shape ({len(split.x)},)", y, "class numbers are (N,), not one-hot and without another axis")
    elif y.dtype != torch.int64:
        yield _form(name, "int64", y, "class numbers are int64: y.long()")


def _form(name: str, expected: str, got: Tensor, cause: str, concerned: Property = Property.SHAPES) -> Finding:
    return Location(concerned, name).finding(expected, f"shape {tuple(got.shape)}, {type_name(got.dtype)}", cause)


def check_finite(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    for side, split in named_splits(splits):
        for name, tensor in ((f"{side}.x", split.x), (f"{side}.y", split.y)):
            wrong = ~tensor.isfinite()
            if wrong.any():
                index, cause = first(wrong), "a missing value, a division by a deviation of zero, or the logarithm of zero"
                got = str(tensor[index].item())
                yield Location(Property.FINITE, name).finding("a finite number", got, cause, index, extent(wrong))


def check_classes(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    if splits.classes is None:
        raise Skip("values to be predicted, not classes")
    for side, split in named_splits(splits):
        location = Location(Property.CLASSES, f"{side}.y")
        wrong = (split.y < 0) | (split.y >= splits.classes)
        if wrong.any():
            from_one = int(split.y.min()) == 1 and int(split.y.max()) == splits.classes
            cause = "classes are counted from 1, expected from 0" if from_one else "more class numbers than classes says there are"
            index = first(wrong)
            yield location.finding(f"0 to {splits.classes - 1}", str(split.y[index].item()), cause, index, extent(wrong))
        elif splits.classes > 1 and side == "train" and len(split.y.unique()) == 1:
            cause = "perhaps the data are sorted, and split without shuffling"
            yield location.finding(f"{splits.classes} classes", "one class", cause)
    with calling("label", "label gives the class of any input, or None where it is not known"):
        label: Any = dataset.label(splits.train.x)
    cause = "label gives the class number of each input, int64, or None where it is not known"
    if label is not None and not isinstance(label, Tensor):
        yield Location(Property.CLASSES, "label(x)").finding("a tensor or None", kind_of(label), cause)
    elif label is not None and (label.shape != splits.train.y.shape or label.dtype != torch.int64):
        yield _form("label(x)", f"shape ({len(splits.train.y)},), int64", label, cause, Property.CLASSES)


def check_determinism(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    with watched_generators() as moved:
        first_splits, second_splits = load(dataset, 3), load(dataset, 3)
    yield from global_draws(Property.DETERMINISM, "load", moved, "the given generator")
    if not moved and not same(first_splits, second_splits):
        cause = "load draws from another generator than the given one, or iterates over a set"
        yield Finding(Property.DETERMINISM, "load()", "the same examples for the same seed", "others", cause)


def check_redraw(dataset: Dataset, splits: Splits) -> Iterator[Finding]:
    redraw: Any = getattr(dataset, "redraw", None)
    if not isinstance(redraw, bool):
        cause = "a data set needs an option or attribute `redraw: bool`: whether another seed gives other examples"
        yield Finding(Property.REDRAW, "redraw", "True or False", kind_of(redraw), cause)
        return
    if redraw and same(load_splits(dataset, 1), load_splits(dataset, 2)):
        cause = "the generator is not used: draw or split with it, or set redraw=False"
        yield Finding(Property.REDRAW, "load()", "other examples for another seed, since redraw is True", "the same ones", cause)


def same(a: Splits, b: Splits) -> bool:
    """Whether both hold the same examples; NaN equals NaN."""
    pairs = [(a.train.x, b.train.x), (a.train.y, b.train.y), (a.test.x, b.test.x), (a.test.y, b.test.y)]
    return all(x.shape == y.shape and torch.allclose(x, y, rtol=0, atol=0, equal_nan=True) for x, y in pairs)
