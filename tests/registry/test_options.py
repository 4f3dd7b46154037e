"""Options from constructors: their names and types, and errors for wrong values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Interval

from regnet.contracts import PER_REPLICA, Initializer, Layer
from regnet.registry.options import Option, options_of, summary, values_of


@dataclass(frozen=True)
class Everything:
    """A component with every kind of option.

    Only the first line is its summary.
    """

    size: Annotated[int, Ge(1)]
    lr: Annotated[float, Gt(0), PER_REPLICA] = 0.1
    share: Annotated[float, Interval(ge=0, lt=1)] = 0.5
    switch: bool = False
    mode: Literal["sum", "mean"] = "sum"
    inner: Layer | None = None
    start: Initializer | None = None
    layers: Sequence[Layer] = ()
    sizes: list[Annotated[int, Ge(1)]] = field(default_factory=list)
    limit: float | None = None


class Plain:
    """A component that is not a dataclass."""

    def __init__(self, lr: float, *, steps: int = 3) -> None:
        self.lr = lr
        self.steps = steps


class Nothing:
    pass


OPTIONS = options_of(Everything)


def test_options_are_the_parameters_of_the_constructor() -> None:
    assert list(OPTIONS) == ["size", "lr", "share", "switch", "mode", "inner", "start", "layers", "sizes", "limit"]
    assert list(options_of(Plain)) == ["lr", "steps"]
    assert options_of(Nothing) == {}


def test_options_without_a_default_are_required() -> None:
    assert [name for name, option in OPTIONS.items() if option.required] == ["size"]
    assert [name for name, option in options_of(Plain).items() if option.required] == ["lr"]
    assert options_of(Plain)["steps"].default == 3


def test_options_in_which_replicas_may_differ() -> None:
    assert [name for name, option in OPTIONS.items() if option.per_replica] == ["lr"]


def test_options_that_take_components() -> None:
    kinds = {name: option.nested_kind for name, option in OPTIONS.items() if option.nested_kind}
    assert kinds == {"inner": "layer", "start": "initializer", "layers": "layer"}


def test_options_that_take_lists() -> None:
    assert [name for name, option in OPTIONS.items() if option.takes_list] == ["layers", "sizes"]


def test_options_that_accept_none() -> None:
    assert [name for name, option in OPTIONS.items() if option.takes_none] == ["inner", "start", "limit"]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("size", 3, 3),
        ("lr", 0.25, 0.25),
        ("lr", 1, 1.0),
        ("lr", "1e-3", 0.001),
        ("switch", True, True),
        ("mode", "mean", "mean"),
        ("sizes", [1, 2], [1, 2]),
        ("limit", None, None),
        ("limit", 2, 2.0),
    ],
)
def test_valid_values(name: str, given: Any, expected: Any) -> None:
    found = OPTIONS[name].check(given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("size", 0, "greater than or equal to 1"),
        ("size", 1.5, "integer"),
        ("size", "many", "integer"),
        ("lr", 0.0, "greater than 0"),
        ("lr", float("nan"), "greater than 0"),
        ("lr", [0.1], "number"),
        ("lr", None, "number"),
        ("share", 1.0, "less than 1"),
        ("share", -0.1, "greater than or equal to 0"),
        ("switch", "perhaps", "boolean"),
        ("mode", "total", "'sum' or 'mean'"),
        ("sizes", 3, "list"),
    ],
)
def test_invalid_values(name: str, given: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        OPTIONS[name].check(given)


def test_invalid_item_of_a_list() -> None:
    with pytest.raises(ValueError, match=r"\[1\] .*greater than or equal to 1"):
        OPTIONS["sizes"].check([4, 0])


def test_error_lists_every_alternative() -> None:
    """As for the setting `coding`: "auto" or one of the codings."""
    with pytest.raises(ValueError, match="'sum'"):
        Option("how", Literal["auto"] | Literal["sum", "mean"], "auto").check("total")


def test_option_without_a_type_is_an_error() -> None:
    class Untyped:
        def __init__(self, lr=0.1) -> None:  # noqa: ANN001  # the missing annotation is tested
            self.lr = lr

    with pytest.raises(TypeError, match="Untyped does not annotate its option 'lr'"):
        options_of(Untyped)


def test_unnamed_options_are_an_error() -> None:
    class Loose:
        def __init__(self, **options: float) -> None:
            self.options = options

    with pytest.raises(TypeError, match=r"Loose takes \*\*options.*named one by one"):
        options_of(Loose)


def test_values_are_read_from_the_component() -> None:
    assert values_of(Plain(0.5, steps=4)) == {"lr": 0.5, "steps": 4}
    assert values_of(Nothing()) == {}


def test_summary_is_the_first_line_of_the_docstring() -> None:
    assert summary(Everything) == "A component with every kind of option."
    assert summary(Nothing) == ""


def test_equality_of_options() -> None:
    assert OPTIONS["switch"] == Option("switch", bool, False)
