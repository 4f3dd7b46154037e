"""The script: a plan's calls as a Python function, each in the fastest form that torch offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from regnet.engines.recording.plan import Plan, same_layout
from regnet.engines.recording.recorder import Batch, Call, storage_of, tensors_in

COPIES = ("clone", "to", "_to_copy")
"""Operations whose result is a copy of their first argument, possibly of a different type."""
ARITHMETIC = ("add", "sub", "mul", "div", "add_", "sub_", "mul_", "div_")
"""Operations that accept a number as the second argument; converting it takes longer than the arithmetic."""


class Script:
    """A recorded step, to be replayed on batches of the same shape: a sequence of calls on existing tensors.

    Only the batch and its views change between batches. A batch is therefore prepared once, by `arguments`.
    """

    def __init__(self, plan: Plan, batch: Batch) -> None:
        """Compile the plan; `batch` is the one that the step was recorded on."""
        self._recorded = batch
        self._constants: dict[str, Any] = {}
        self._views: dict[str, tuple[int, Tensor]] = {}
        """For each name, the index of the batch's tensor, and the view of it that the step uses."""
        lines = [self._line(*_fastest_form(call, plan)) for call in plan.calls]
        self.play: Callable[[Iterable[tuple[Tensor, ...]]], None] = self._compile(lines)
        """Runs the step on each batch in order, given by its `arguments`."""

    def arguments(self, batch: Batch) -> tuple[Tensor, ...]:
        """The batch as `play` takes it: the views of it that the step uses."""
        return tuple(_moved(view, self._recorded[index], batch[index]) for index, view in self._views.values())

    def _line(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        terms = [self._name(value) for value in args] + [f"{key}={self._name(value)}" for key, value in kwargs.items()]
        return f"{self._constant(function)}({', '.join(terms)})"

    def _name(self, value: Any) -> str:
        """The value in the source code: the name of a constant or of a view of the batch, or a tuple of names."""
        if isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
            return f"({''.join(f'{self._name(item)}, ' for item in value)})"
        if isinstance(value, Tensor):
            for index, tensor in enumerate(self._recorded):
                if storage_of(value) == storage_of(tensor):
                    return self._view(index, value)
        return self._constant(value)

    def _view(self, index: int, tensor: Tensor) -> str:
        for name, (_, view) in self._views.items():
            if view.data_ptr() == tensor.data_ptr() and same_layout(view, tensor):
                return name
        name = f"batch_{len(self._views)}"
        self._views[name] = (index, tensor)
        return name

    def _constant(self, value: Any) -> str:
        name = f"given_{len(self._constants)}"
        self._constants[name] = value
        return name

    def _compile(self, lines: Sequence[str]) -> Callable[[Iterable[tuple[Tensor, ...]]], None]:
        source = [
            f"def script({', '.join(self._constants)}):",
            "    def play(batches):",
            f"        for {''.join(f'{name}, ' for name in self._views) or '_'} in batches:",
            *(f"            {line}" for line in lines or ["pass"]),
            "    return play",
        ]
        scope: dict[str, Any] = {}
        exec(compile("\n".join(source), "<recorded step>", "exec"), scope)  # the source contains no outside text
        return scope["script"](**self._constants)  # type: ignore[no-any-return]


def _fastest_form(call: Call, plan: Plan) -> tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]:
    """The fastest function that does what the call did, with its arguments on the plan's tensors.

    In place if the result has an argument's slot, else with ``out=``, or with a copy if torch offers neither.
    """
    args, kwargs = plan.view(call.args), plan.view(call.kwargs)
    if call.name in ARITHMETIC and isinstance(args[1], float) and args[0].is_floating_point():
        args = (args[0], torch.tensor(args[1], dtype=args[0].dtype, device=args[0].device), *args[2:])
    if not call.made:
        return getattr(Tensor, call.name, call.function) if call.name.endswith("_") else call.function, args, kwargs
    results = [plan.view(tensor) for tensor in call.made]
    if call.name in COPIES:
        return Tensor.copy_, (results[0], args[0]), {}
    if len(results) == 1:
        in_place = getattr(Tensor, f"{call.name}_", None)
        if in_place is not None and call.pointwise and _same_tensor(args[0], results[0]):
            return in_place, args, kwargs
        for function in (getattr(torch, call.name, None), getattr(getattr(torch.ops.aten, call.name), "out", None)):
            if function is not None and _takes_out(function, args, kwargs, results[0]):
                return function, args, {**kwargs, "out": results[0]}

    def copied(*args: Any, **kwargs: Any) -> None:
        for result, made in zip(results, tensors_in(call.function(*args, **kwargs)), strict=True):
            result.copy_(made)

    return copied, args, kwargs


def _takes_out(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Tensor) -> bool:
    """Whether the function can write its result into a tensor; it is called to find out, since there is no other way."""
    try:
        function(*args, **kwargs, out=result)
    except (TypeError, RuntimeError):
        return False
    return True


def _same_tensor(value: Any, result: Tensor) -> bool:
    return isinstance(value, Tensor) and value.data_ptr() == result.data_ptr() and same_layout(value, result)


def _moved(view: Tensor, recorded: Tensor, batch: Tensor) -> Tensor:
    """The view of `batch` that corresponds to a view of the recorded batch."""
    offset = batch.storage_offset() + view.storage_offset() - recorded.storage_offset()
    return batch.as_strided(view.shape, view.stride(), offset)
