"""Find changes to tensors that a call must not change, by comparing them with copies made before the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from regnet.check.comparison import extent, first, written
from regnet.check.finding import Finding, Property

IN_PLACE = "{call} writes into it, with an in-place operation such as add_, an assignment to a slice, +=, or out="


def tensors_in(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors in nested tuples, lists and mappings, such as a cache, each with its name, such as ``cache[0]['mean']``."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from tensors_in(item, f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from tensors_in(item, f"{name}[{index}]")


class Watched:
    """Tensors, and copies of their original numbers."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._now = dict(tensors)
        self._before = {name: tensor.clone() for name, tensor in tensors.items()}

    def changed(self, call: str, cause: str, during: str = "") -> Iterator[Finding]:
        """A finding for each tensor whose shape or numbers the call has changed."""
        for name, before in self._before.items():
            now = self._now[name]
            wrong = now.isnan() != before.isnan() if now.shape == before.shape else None
            if wrong is None:
                yield Finding(
                    Property.PURITY, name, f"shape {tuple(before.shape)}", f"shape {tuple(now.shape)}", cause, during=during
                )
                continue
            wrong |= (now != before) & ~before.isnan()
            if wrong.any():
                index = first(wrong)
                now_text, before_text = written(now[index].item(), before[index].item())
                yield Finding(
                    Property.PURITY,
                    name,
                    f"{before_text}, as before {call}",
                    f"{now_text} after it",
                    cause.format(call=call),
                    index,
                    during,
                    extent(wrong),
                )
