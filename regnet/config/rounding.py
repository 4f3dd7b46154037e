"""Check options as the training's type of numbers has them: ``beta2=0.99999999`` is below 1, but not in single precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from regnet.errors import BadOption
from regnet.registry.catalog import Catalog, with_parts
from regnet.registry.options import options_of, values_of


def check_rounded(component: object, dtype: torch.dtype, catalog: Catalog) -> None:
    """Check the options of a component and of its parts again, rounded.

    Raises:
        BadOption: an option is within its range, but not when it is rounded, or is then a bound of it.
    """
    precision = str(dtype).removeprefix("torch.")
    for part in with_parts(component):
        values = values_of(part)
        rounded = {name: _rounded(value, dtype) for name, value in values.items()}
        for names, problem in _problems(part, values, rounded):
            numbers = ", ".join(f"{name}={values[name]} is {rounded[name]}" for name in names)
            title = catalog.describe(part)["name"]
            raise BadOption(f"{title}: {numbers} in {precision}, and {problem}: choose another value, or dtype=float64")


def _problems(part: object, values: Mapping[str, Any], rounded: Mapping[str, Any]) -> Iterator[tuple[list[str], str]]:
    """The options that cannot be rounded, each with the reason; and those that cannot be rounded together."""
    changed = [name for name in values if rounded[name] is not values[name] and rounded[name] != values[name]]
    for name in changed:
        option = options_of(type(part))[name]
        try:
            option.check(rounded[name])
        except ValueError as error:
            yield [name], str(error)
        if rounded[name] in option.bounds:
            yield [name], "means something else at its bound"
    if changed:
        try:
            type(part)(**rounded)
        except (ValueError, BadOption) as error:
            yield changed, str(error)


def _rounded(value: Any, dtype: torch.dtype) -> Any:
    """Numbers as a type has them; other values as they are."""
    if isinstance(value, float):
        return torch.tensor(value, dtype=dtype).item()
    if isinstance(value, (list, tuple)) and any(isinstance(item, float) for item in value):
        return type(value)(_rounded(item, dtype) for item in value)
    return value
