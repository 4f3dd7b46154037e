"""Which studies can be trained as one program, and its components, with options that differ between replicas as tensors."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import torch
from torch import Tensor

from regnet.contracts import KINDS, Initializer
from regnet.errors import ConfigError
from regnet.registry.options import options_of, values_of
from regnet.study.study import Study

Structure: TypeAlias = tuple[tuple[str, Hashable], ...]
"""The names and values that must be equal in all replicas of a program."""

SHARED = (
    "engine",
    "epochs",
    "max_steps",
    "batch_size",
    "drop_last",
    "shuffle",
    "coding",
    "features",
    "examples",
    "validation",
    "metrics",
    "replay",
    "dtype",
    "device",
    "threads",
)
"""The attributes of a study that its replicas share, besides the components' structure."""


def structure(study: Study) -> Structure:
    """The names and values that must be equal in all studies that are trained as one program.

    Replicas may differ in everything else: the seed, the data set and the scaling of its inputs, every initializer, which is
    used only before training, and the options that components mark `PER_REPLICA`.
    """
    shared = tuple((name, str(getattr(study, name))) for name in SHARED)
    return (
        *shared,
        *_structure(study.network, "model"),
        *_structure(study.loss, "loss"),
        *_structure(study.optimizer, "optimizer"),
    )


def merge(studies: Sequence[Study]) -> Study:
    """One study that represents all replicas of a program, given the study of each replica, in the order of the rows.

    Options in which the replicas differ are tensors: ``(R, 1, 1)`` in the network and the loss, and ``(R,)`` in the optimizer.

    Raises:
        ConfigError: a component does not take a tensor for an option that it marks `PER_REPLICA`.
    """
    first = studies[0]
    if all(study is first for study in studies):
        return first

    def along(dims: int) -> Callable[[list[float]], Tensor]:
        return lambda values: torch.tensor(values, dtype=first.dtype, device=first.device).view(-1, *[1] * (dims - 1))

    return replace(
        first,
        network=_merge([study.network for study in studies], along(3)),
        loss=_merge([study.loss for study in studies], along(3)),
        optimizer=_merge([study.optimizer for study in studies], along(1)),
    )


def with_tensors(component: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The component with `change` applied to every option that is a tensor, also in its inner components."""
    values = values_of(component)
    changed = {name: _each(value, lambda part: _changed(part, change)) for name, value in values.items()}
    return component if all(changed[name] is values[name] for name in values) else type(component)(**changed)


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    return with_tensors(value, change) if _is_component(value) else value


def _structure(component: Any, where: str) -> Iterator[tuple[str, Hashable]]:
    kind = type(component)
    yield where, f"{kind.__module__}.{kind.__qualname__}"
    for name, option in options_of(kind).items():
        value = getattr(component, name)
        if option.per_replica and _is_number(value):
            continue
        parts = list(enumerate(value)) if isinstance(value, (tuple, list)) else [("", value)]
        for index, part in parts:
            path = f"{where}.{name}" + (f".{index}" if index != "" else "")
            if isinstance(part, Initializer):
                continue
            if _is_component(part):
                yield from _structure(part, path)
            else:
                yield path, repr(part)
        if isinstance(value, (tuple, list)):
            yield f"{where}.{name}", len(value)


def _merge(components: Sequence[Any], tensor: Callable[[list[float]], Tensor]) -> Any:
    first = components[0]
    if all(component is first for component in components):
        return first
    options = options_of(type(first))
    merged = {}
    for name, option in options.items():
        values = [getattr(component, name) for component in components]
        if option.per_replica and all(_is_number(value) for value in values):
            merged[name] = values[0] if len(set(values)) == 1 else tensor(values)
        elif isinstance(values[0], (tuple, list)):
            merged[name] = type(values[0])(_merge_values(parts, tensor) for parts in zip(*values, strict=True))
        else:
            merged[name] = _merge_values(values, tensor)
    if all(merged[name] is getattr(first, name) for name in options):
        return first
    try:
        return type(first)(**merged)
    except (TypeError, ValueError, RuntimeError) as error:
        differing = [name for name in options if isinstance(merged[name], Tensor)]
        raise ConfigError(
            f"{type(first).__name__} cannot be given one value for each replica in {', '.join(differing)}, though it marks that "
            f"PER_REPLICA: {error}"
        ) from error


def _merge_values(values: Sequence[Any], tensor: Callable[[list[float]], Tensor]) -> Any:
    first = values[0]
    return _merge(values, tensor) if _is_component(first) and not isinstance(first, Initializer) else first


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(value, (tuple, list)):
        return change(value)
    changed = [change(item) for item in value]
    return value if all(new is old for new, old in zip(changed, value, strict=True)) else type(value)(changed)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_component(value: Any) -> bool:
    return isinstance(value, tuple(KINDS.values()))
