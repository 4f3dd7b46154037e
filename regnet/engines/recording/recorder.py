"""The recorder: watches a training step while it is run, and notes down every operation that reaches a tensor."""

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
"""What tells the memory of one tensor, and of all views of it, from that of others."""

READS = {
    getattr(Tensor, name)
    for name in ("numpy", "tolist", "item", "__array__", "__bool__", "__float__", "__int__", "__index__", "__dlpack__", "data_ptr")
}
"""What turns a tensor's numbers into something that a recording would not see change."""
UNREPEATABLE = (torch.Tag.nondeterministic_seeded, torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape)


@dataclass(frozen=True)
class Call:
    """One operation of a step."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    """What torch calls the operation, such as ``mul``."""
    made: tuple[Tensor, ...] = ()
    """The tensors that it makes; none where it writes into tensors that it was given."""
    written: tuple[Tensor, ...] = ()
    """The tensors that it was given and writes into."""
    pointwise: bool = False
    """Whether each number of the result depends on the arguments' numbers at the same place alone."""
    draws: bool = False
    """Whether it draws noise, which has to go on whether or not the numbers are used."""

    @property
    def read(self) -> list[Tensor]:
        """The tensors among the arguments."""
        return list(tensors_in((self.args, self.kwargs)))


class Recorder(TorchDispatchMode):
    """Within, every operation on tensors is noted down as it is run, but for those that only make a view."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Call] = []
        self.drawn: list[Tensor] = []
        """The noise that the step drew, in order; played again, new noise is drawn into the same tensors."""
        self.refusal: str | None = None
        """Why the step cannot be played again, if so."""
        self._watch = _Watch(self)
        self._paused = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: torch would import its compiler, which takes a second, to keep it away from what it never sees."""
        return False

    def __enter__(self) -> Recorder:
        self._watch.__enter__()  # type: ignore[no-untyped-call]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._watch.__exit__(*raised)  # type: ignore[no-untyped-call]

    def refuse(self, reason: str) -> None:
        """Says why the step cannot be played again; the first reason counts."""
        self.refusal = self.refusal or reason

    def draw(self, noise: Noise, like: Tensor) -> Tensor:
        """What `noise` gives, and will be asked for anew whenever the recording is played."""
        self._paused = True
        drawn = noise.rand_like(like).clone()
        self._paused = False
        self.drawn.append(drawn)
        self.calls.append(Call(lambda: drawn.copy_(noise.rand_like(drawn)), (), {}, "draw", written=(drawn,), draws=True))
        return drawn

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self._paused:
            self._note(func, args, kwargs or {}, result)
        return result

    def _note(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if any(tag in func.tags for tag in UNREPEATABLE):
            self.refuse(f"{func} gives something else each time")
        written = tuple(_written(func._schema.arguments, args, kwargs))
        made = () if written else tuple(tensors_in(result))
        given = {storage_of(tensor) for tensor in tensors_in((args, kwargs))}
        if written or any(storage_of(tensor) not in given for tensor in made):
            name = func._schema.name.partition("::")[2]
            self.calls.append(Call(func, args, kwargs, name, made, written, torch.Tag.pointwise in func.tags))


class _Watch(TorchFunctionMode):
    """Tells the recorder when a step looks at its numbers, which no operation on tensors shows."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        if func in READS:
            self._recorder.refuse(f"a component reads a tensor's numbers, by {func.__name__}")
        return func(*args, **(kwargs or {}))


class RecordedNoise(Noise):
    """Noise during a recording."""

    def __init__(self, noise: Noise, recorder: Recorder) -> None:
        self._noise = noise
        self._recorder = recorder

    def rand_like(self, x: Tensor) -> Tensor:
        return self._recorder.draw(self._noise, x)


class RepeatedNoise(Noise):
    """Noise that has been drawn before, once more in the same order."""

    def __init__(self, drawn: Sequence[Tensor]) -> None:
        self._drawn = iter(drawn)

    def rand_like(self, x: Tensor) -> Tensor:
        return next(self._drawn)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in an argument, which may be a tensor, or a list, tuple or dict of arguments."""
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
    """The tensors that an operation's schema says it writes into."""
    for place, argument in enumerate(arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            yield from tensors_in(args[place] if place < len(args) else kwargs.get(argument.name))
