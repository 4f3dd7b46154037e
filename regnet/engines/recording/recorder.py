"""The recorder: records every operation on tensors while a training step runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from regnet.rng import Noise

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Inputs ``(*R, B, F)`` and their coded targets."""
Storage: TypeAlias = int
"""Identifies the memory of a tensor, which it shares with its views."""

READS = {
    getattr(Tensor, name)
    for name in ("numpy", "tolist", "item", "__array__", "__bool__", "__float__", "__int__", "__index__", "__dlpack__", "data_ptr")
}
"""Methods that turn a tensor's numbers into objects whose changes a recording would miss."""
UNREPEATABLE = (torch.Tag.nondeterministic_seeded, torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape)


@dataclass(frozen=True)
class Call:
    """One operation of a step."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    """The operation's name in torch, such as ``mul``."""
    made: tuple[Tensor, ...] = ()
    """The tensors that it makes; none if it writes into its arguments."""
    written: tuple[Tensor, ...] = ()
    """The arguments that it writes into."""
    pointwise: bool = False
    """Whether each number of the result depends only on the arguments' numbers at the same index."""
    draws: bool = False
    """Whether it draws noise, which must be drawn whether or not the numbers are used."""

    @property
    def read(self) -> list[Tensor]:
        """The tensors among the arguments."""
        return list(tensors_in((self.args, self.kwargs)))


class Recorder(TorchDispatchMode):
    """Context manager that records every operation on tensors, except those that only make a view."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Call] = []
        self.drawn: list[Tensor] = []
        """The noise that the step drew, in order; a replay draws new noise into the same tensors."""
        self.refusal: str | None = None
        """Why the step cannot be replayed; None if it can."""
        self._watch = _Watch(self)
        self._paused = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: otherwise torch imports its compiler, which takes a second, only to exclude it here."""
        return False

    def __enter__(self) -> Recorder:
        self._watch.__enter__()  # type: ignore[no-untyped-call]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._watch.__exit__(*raised)  # type: ignore[no-untyped-call]

    def refuse(self, reason: str) -> None:
        """Record why the step cannot be replayed; the first reason is kept."""
        self.refusal = self.refusal or reason

    def draw(self, noise: Noise, like: Tensor) -> Tensor:
        """Draw from `noise`, and record a call that draws anew at each replay."""
        self._paused = True
        drawn = noise.rand_like(like).clone()
        self._paused = False
        self.drawn.append(drawn)
        self.calls.append(Call(lambda: drawn.copy_(noise.rand_like(drawn)), (), {}, "draw", written=(drawn,), draws=True))
        return drawn

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self._paused:
            self._record(func, args, kwargs or {}, result)
        return result

    def _record(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if any(tag in func.tags for tag in UNREPEATABLE):
            self.refuse(f"{func} gives something else each time")
        written = tuple(_written(func._schema.arguments, args, kwargs))
        made = () if written else tuple(tensors_in(result))
        given = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
        if written or any(storage_of(tensor) not in given for tensor in made):
            name = func._schema.name.partition("::")[2]
            self.calls.append(Call(func, args, kwargs, name, made, written, torch.Tag.pointwise in func.tags))


class _Watch(TorchFunctionMode):
    """Refuses the recording when a step reads its tensors' numbers, which no operation on tensors shows."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        if func in READS:
            self._recorder.refuse(f"a component reads a tensor's numbers, by {func.__name__}")
        return func(*args, **(kwargs or {}))


class RecordedNoise(Noise):
    """Noise that is drawn through the recorder."""

    def __init__(self, noise: Noise, recorder: Recorder) -> None:
        self._noise = noise
        self._recorder = recorder

    def rand_like(self, x: Tensor) -> Tensor:
        return self._recorder.draw(self._noise, x)


class RepeatedNoise(Noise):
    """Noise that was drawn before, in the same order."""

    def __init__(self, drawn: Sequence[Tensor]) -> None:
        self._drawn = iter(drawn)

    def rand_like(self, x: Tensor) -> Tensor:
        return next(self._drawn)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in an argument: a tensor, or a list, tuple or dict of arguments."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def storage_of(tensor: Tensor) -> Storage:
    """The tensor's memory, which its views share."""
    return int(tensor.untyped_storage()._cdata)


def _written(arguments: Sequence[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Tensor]:
    """The tensors that the operation writes into, by its schema."""
    for index, argument in enumerate(arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            yield from tensors_in(args[index] if index < len(args) else kwargs.get(argument.name))
