"""The script: a plan's calls as a Python function, each in the quickest form that torch has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from regnet.engines.recording.plan import Plan, same_layout
from regnet.engines.recording.recorder import Batch, Call, storage_of, tensors_in

COPIES = ("clone", "to", "_to_copy")
"""Operations whose result is their first argument, in other memory or of another type."""
ARITHMETIC = ("add", "sub", "mul", "div", "add_", "sub_", "mul_", "div_")
"""Operations that take a number for their second tensor, and take longer to convert it than to do their work."""


class Script:
    """A recorded step, to be played on batches of the same shape: calls one after another, on tensors that are all there.

    What differs from batch to batch is the batch itself and its views. A batch is therefore prepared once, as `arguments`.
    """

    def __init__(self, plan: Plan, batch: Batch) -> None:
        """Takes the plan, and the batch that the step was recorded on."""
        self._recorded = batch
        self._constants: dict[str, Any] = {}
        self._views: dict[str, tuple[int, Tensor]] = {}
        """For each name, which of the batch's tensors, and the view of it that the step uses."""
        lines = [self._line(*_spelled(call, plan)) for call in plan.calls]
        self.play: Callable[[Iterable[tuple[Tensor, ...]]], None] = self._compile(lines)
        """Runs the step on each batch in turn, given by its `arguments`."""

    def arguments(self, batch: Batch) -> tuple[Tensor, ...]:
        """The batch as `play` takes it: the views that the step looks at it through."""
        return tuple(_moved(view, self._recorded[which], batch[which]) for which, view in self._views.values())

    def _line(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        words = [self._word(value) for value in args] + [f"{key}={self._word(value)}" for key, value in kwargs.items()]
        return f"{self._constant(function)}({', '.join(words)})"

    def _word(self, value: Any) -> str:
        """What the source calls a value: the name of a constant, or of a view of the batch."""
        if isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
            return f"({''.join(f'{self._word(item)}, ' for item in value)})"
        if isinstance(value, Tensor):
            for which, tensor in enumerate(self._recorded):
                if storage_of(value) == storage_of(tensor):
                    return self._view(which, value)
        return self._constant(value)

    def _view(self, which: int, tensor: Tensor) -> str:
        for name, (_, view) in self._views.items():
            if view.data_ptr() == tensor.data_ptr() and same_layout(view, tensor):
                return name
        name = f"batch_{len(self._views)}"
        self._views[name] = (which, tensor)
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
        exec(compile("\n".join(source), "<recorded step>", "exec"), scope)  # no word of it comes from outside
        return scope["script"](**self._constants)  # type: ignore[no-any-return]


def _spelled(call: Call, plan: Plan) -> tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]:
    """The quickest function that does what the call did, on the plan's tensors, and its arguments.

    In place where the result takes an argument's place, else with ``out=``; by a copy where torch has neither.
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
    """Whether the function can write its result into a tensor; found out by doing so, since nothing else tells."""
    try:
        function(*args, **kwargs, out=result)
    except (TypeError, RuntimeError):
        return False
    return True


def _same_tensor(value: Any, result: Tensor) -> bool:
    return isinstance(value, Tensor) and value.data_ptr() == result.data_ptr() and same_layout(value, result)


def _moved(view: Tensor, recorded: Tensor, batch: Tensor) -> Tensor:
    """A view of the recorded batch, as the same view of another."""
    offset = batch.storage_offset() + view.storage_offset() - recorded.storage_offset()
    return batch.as_strided(view.shape, view.stride(), offset)
