"""The form of a data set's examples, as the contract has it: what is wrong with them, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor

from regnet.contracts import Dataset, Split, Splits
from regnet.errors import DataError


@dataclass(frozen=True)
class Flaw:
    """What is wrong with one of the tensors of a data set's splits, or with its number of classes."""

    name: str
    """Such as ``train.x`` or ``classes``."""
    expected: str
    got: str
    cause: str
    """The likeliest cause, in words."""
    wrong: Tensor | None = None
    """Which numbers of the tensor are wrong, if only some are."""

    @property
    def index(self) -> tuple[int, ...] | None:
        """The first wrong number's."""
        return None if self.wrong is None else tuple(self.wrong.nonzero()[0].tolist())


def check_form(dataset: Dataset, splits: Any) -> None:
    """Check what a data set's `load` returned.

    Raises:
        DataError: it has another form than the contract's, class numbers that do not exist, or numbers that are not finite.
    """
    flaw = next(flaws(splits), None)
    if flaw is not None:
        raise DataError(
            f"data set {type(dataset).__name__}: {flaw.name}{list(flaw.index) if flaw.index else ''} is {flaw.got}, "
            f"expected {flaw.expected}: {flaw.cause} "
            "(`regnet plugins check` checks all of it)"
        )


def flaws(splits: Any) -> Iterator[Flaw]:
    """Yield what is wrong with splits, the most basic first; nothing if they can be trained on."""
    if not is_splits(splits):
        cause = "load returns Splits(Split(x, y), Split(x, y), classes)"
        yield Flaw("what load returns", "regnet.Splits of two regnet.Split of tensors", f"a {type(splits).__name__}", cause)
        return
    wrong_shapes = list(shape_flaws(splits))
    yield from wrong_shapes
    if not wrong_shapes:
        yield from class_flaws(splits)
        yield from finite_flaws(splits)


def is_splits(found: Any) -> TypeGuard[Splits]:
    """Whether `load` returned splits of tensors."""
    tensors = [getattr(getattr(found, split, None), name, None) for split in ("train", "test") for name in ("x", "y")]
    return isinstance(found, Splits) and all(isinstance(tensor, Tensor) for tensor in tensors)


def _named(splits: Splits) -> list[tuple[str, Split]]:
    """Both splits, each with its name."""
    return [("train", splits.train), ("test", splits.test)]


def shape_flaws(splits: Splits) -> Iterator[Flaw]:
    """Inputs are ``(N, F)`` floating point; answers are class numbers ``(N,)`` int64, or values ``(N, K)`` floating point."""
    classes: Any = splits.classes
    if classes is not None and (type(classes) is not int or classes < 1):
        yield Flaw("classes", "a whole number, or None", repr(classes), "it is the number of classes, or None to predict values")
    features = splits.train.x.shape[-1] if splits.train.x.dim() == 2 else None
    for side, split in _named(splits):
        x = split.x
        if x.dim() != 2 or not len(x) or x.shape[-1] != features:
            cause = "inputs are a matrix with a row for each example, as wide in one split as in the other"
            yield Flaw(f"{side}.x", f"shape (N, {features or 'F'}) with N at least 1", form(x), cause)
        elif not x.is_floating_point():
            yield Flaw(f"{side}.x", "a floating point type", form(x), "inputs are numbers to compute with: x.float()")
        yield from _value_flaws(side, split) if classes is None else _number_flaws(side, split)


def _value_flaws(side: str, split: Split) -> Iterator[Flaw]:
    y, name = split.y, f"{side}.y"
    if y.dim() != 2 or len(y) != len(split.x):
        yield Flaw(name, f"shape ({len(split.x)}, K)", form(y), "values to predict are a matrix (N, K): y.unsqueeze(-1)")
    elif not y.is_floating_point():
        yield Flaw(name, "a floating point type", form(y), "values to predict are floating point; or classes=... is missing")


def _number_flaws(side: str, split: Split) -> Iterator[Flaw]:
    y, name = split.y, f"{side}.y"
    if y.dim() != 1 or len(y) != len(split.x):
        yield Flaw(name, f"shape ({len(split.x)},)", form(y), "class numbers are (N,), not one-hot and without another axis")
    elif y.dtype != torch.int64:
        yield Flaw(name, "int64", form(y), "class numbers are int64: y.long()")


def class_flaws(splits: Splits) -> Iterator[Flaw]:
    """Class numbers are counted from 0, and below the number of classes."""
    classes = splits.classes
    for side, split in _named(splits) if classes is not None else []:
        assert classes is not None
        wrong = (split.y < 0) | (split.y >= classes)
        if wrong.any():
            from_one = int(split.y.min()) == 1 and int(split.y.max()) == classes
            cause = "classes are counted from 1, expected from 0" if from_one else "more class numbers than classes says there are"
            yield Flaw(f"{side}.y", f"0 to {classes - 1}", str(split.y[wrong][0].item()), cause, wrong)


def finite_flaws(splits: Splits) -> Iterator[Flaw]:
    """All numbers are finite."""
    for side, split in _named(splits):
        for name, tensor in ((f"{side}.x", split.x), (f"{side}.y", split.y)):
            wrong = ~tensor.isfinite()
            if wrong.any():
                cause = "a missing value, a division by a deviation of zero, or the logarithm of zero"
                yield Flaw(name, "a finite number", str(tensor[wrong][0].item()), cause, wrong)


def form(tensor: Tensor) -> str:
    """A tensor's shape and type, in words."""
    return f"shape {tuple(tensor.shape)}, {str(tensor.dtype).removeprefix('torch.')}"
