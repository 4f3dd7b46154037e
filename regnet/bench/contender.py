"""The contenders: each way of training by its key, with what it needs and what to do if that is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

from regnet.bench import engines, floor, jax, pytorch
from regnet.bench.problem import Problem
from regnet.bench.program import Program
from regnet.errors import ConfigError, one_of

if TYPE_CHECKING:
    from regnet.study.study import Study

Prepare: TypeAlias = Callable[[], Program]
"""Makes a program in the process that will run it."""


@dataclass(frozen=True)
class Contender:
    """One row of the benchmark."""

    way: str
    """The key in `WAYS`."""
    replicas: int
    name: str
    """The name in tables."""
    prepare: Prepare
    missing: str | None = None
    """What it needs that is missing, in words, and what to do."""

    @property
    def key(self) -> str:
        """The name on the command line: ``solo``, ``lockstep:20``."""
        return f"{self.way}:{self.replicas}" if WAYS[self.way].batched else self.way


@dataclass(frozen=True)
class Way:
    """A way of training, for any number of replicas."""

    name: str
    prepare: Callable[[Study, Problem, int], Prepare]
    """Called with the study, its problem, and the number of replicas to train."""
    batched: bool = False
    """Whether it trains many replicas at once."""
    missing: Callable[[], str | None] = lambda: None


def _engine(name: str) -> Callable[[Study, Problem, int], Prepare]:
    return lambda study, _, replicas: partial(engines.prepare, replace(study, engine=name), replicas)


def _library(prepare: Callable[[Problem], Program]) -> Callable[[Study, Problem, int], Prepare]:
    return lambda _, problem, replicas: partial(prepare, problem.first(replicas))


def _no_jax() -> str | None:
    return None if find_spec("jax") else "JAX is not installed: pip install 'regnet-framework[bench]'"


def _no_c() -> str | None:
    if not floor.SOURCE.exists():
        return f"its source {floor.SOURCE.name} is only in regnet's own repository, under scripts/"
    return None if floor.find_compiler() else f"no C compiler was found: install one of {', '.join(floor.COMPILERS)}"


def _no_cpp() -> str | None:
    found = any(map(shutil.which, ("g++", "clang++", "c++")))
    return None if found else "torch.compile found no C++ compiler: install g++"


WAYS: dict[str, Way] = {
    "torch": Way("PyTorch engine", _engine("torch")),
    "compile": Way("PyTorch, compiled", _library(pytorch.prepare_compiled), missing=_no_cpp),
    "solo": Way("hand-built, solo", _engine("handbuilt")),
    "lockstep": Way("hand-built, lockstep", _engine("handbuilt"), batched=True),
    "vmap": Way("PyTorch, vmap", _library(pytorch.prepare_vmap), batched=True),
    "compiled-vmap": Way("PyTorch, compiled vmap", _library(pytorch.prepare_compiled_vmap), batched=True, missing=_no_cpp),
    "jax": Way("JAX", _library(jax.prepare), batched=True, missing=_no_jax),
    "c": Way("plain C", _library(floor.prepare), missing=_no_c),
}
"""Every way of training, by the key that the command line uses."""
BASELINE = "torch"
"""The key of the contender that speeds are relative to."""


def expand(words: Sequence[str], replicas: Sequence[int]) -> list[tuple[str, int]]:
    """Return pairs of a way and a number of replicas, each once.

    Args:
        words: such as ``solo``, ``jax:1`` and ``lockstep``, which stands for all of `replicas`.
        replicas: the numbers to train at once for words without a number.

    Raises:
        ConfigError: there is no such way of training, a way that trains one network has a number, or the number is invalid.
    """
    pairs = []
    for word in words:
        way, colon, count = word.partition(":")
        if way not in WAYS:
            raise ConfigError(f"bench: unknown contender {way!r}: {one_of(way, WAYS)}")
        if colon and not WAYS[way].batched:
            raise ConfigError(f"bench: contender {way} trains one network at a time, got {word!r}: write {way}")
        if colon and not (count.isdecimal() and int(count)):
            raise ConfigError(f"bench: contender {word!r} should name a number of replicas from 1 up, such as {way}:20")
        counts = [int(count)] if colon else replicas if WAYS[way].batched else [1]
        pairs += [(way, each) for each in counts]
    return list(dict.fromkeys(pairs))


def contenders(pairs: Sequence[tuple[str, int]], study: Study, problem: Problem) -> list[Contender]:
    """Return the contenders for ways and numbers of replicas, all on the study's problem."""
    made = []
    for way, replicas in pairs:
        chosen = WAYS[way]
        name = chosen.name + (f", {replicas:,} replica{'s' if replicas > 1 else ''}" if chosen.batched else "")
        made.append(Contender(way, replicas, name, chosen.prepare(study, problem, replicas), chosen.missing()))
    return made
