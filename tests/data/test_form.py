"""A data set that breaks its contract is explained when it is trained on, in the words of `regnet plugins check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from regnet.check import check_component
from regnet.contracts import Dataset, Split, Splits
from regnet.data.prepare import load_splits
from regnet.errors import DataError
from regnet.registry.catalog import Catalog

RIGHT = Splits(
    Split(torch.linspace(0, 1, 60).view(30, 2), torch.arange(30) % 3), Split(torch.ones(6, 2), torch.arange(6) % 3), classes=3
)


def with_answers(change: Callable[[torch.Tensor], torch.Tensor]) -> Splits:
    return replace(RIGHT, train=replace(RIGHT.train, y=change(RIGHT.train.y)), test=replace(RIGHT.test, y=change(RIGHT.test.y)))


WRONG: dict[str, tuple[Any, str]] = {
    "uint8": (with_answers(lambda y: y.byte()), "train.y is shape (30,), uint8, expected int64: class numbers are int64: y.long()"),
    "bool": (with_answers(lambda y: y > 0), "train.y is shape (30,), bool, expected int64"),
    "float": (with_answers(lambda y: y.float()), "train.y is shape (30,), float32, expected int64"),
    "column": (with_answers(lambda y: y.unsqueeze(-1)), "train.y is shape (30, 1), int64, expected shape (30,)"),
    "one short": (with_answers(lambda y: y[:-1]), "train.y is shape (29,), int64, expected shape (30,)"),
    "counted from 1": (with_answers(lambda y: y + 1), "train.y[2] is 3, expected 0 to 2: classes are counted from 1"),
    "no matrix": (
        replace(RIGHT, train=Split(torch.ones(30), RIGHT.train.y)),
        "train.x is shape (30,), float32, expected shape",
    ),
    "integers": (
        replace(RIGHT, train=Split(RIGHT.train.x.long(), RIGHT.train.y)),
        "train.x is shape (30, 2), int64, expected",
    ),
    "other width": (
        replace(RIGHT, test=Split(torch.ones(6, 3), RIGHT.test.y)),
        "test.x is shape (6, 3), float32, expected",
    ),
    "nan": (replace(RIGHT, test=Split(RIGHT.test.x * torch.nan, RIGHT.test.y)), "test.x[0, 0] is nan, expected a finite number"),
    "values": (replace(with_answers(lambda y: y.float()), classes=None), "train.y is shape (30,), float32, expected shape (30, K)"),
    "classes": (replace(RIGHT, classes=3.0), "classes is 3.0, expected a whole number"),
    "a tuple": ((RIGHT.train, RIGHT.test), "what load returns is a tuple, expected regnet.Splits"),
}


@dataclass(frozen=True)
class Given(Dataset):
    """Loads the splits of a case."""

    case: str = "right"
    variation = "fixed"

    def load(self, generator: torch.Generator) -> Splits:
        return RIGHT if self.case == "right" else WRONG[self.case][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_explained_when_it_is_trained_on(case: str) -> None:
    with pytest.raises(DataError) as refused:
        load_splits(Given(case), 0)
    assert f"data set Given: {WRONG[case][1]}" in str(refused.value)
    assert load_splits(Given(), 0) is RIGHT


@pytest.mark.parametrize("case", ["uint8", "column", "counted from 1", "nan"])
def test_the_check_says_the_same(case: str, catalog: Catalog) -> None:
    finding = check_component(Given(case), catalog).findings[0]
    with pytest.raises(DataError) as refused:
        load_splits(Given(case), 0)
    assert finding.cause in str(refused.value)
    assert WRONG[case][1].startswith(finding.name)
