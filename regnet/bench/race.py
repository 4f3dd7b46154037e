"""The race: every contender is timed once in each round, in turn, so that what else the machine does falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch

from regnet.bench import engines
from regnet.bench.contender import BASELINE, Contender, contenders
from regnet.bench.problem import read_problem
from regnet.bench.process import WARM_UP, Racer
from regnet.bench.program import Lap
from regnet.errors import RegnetError
from regnet.machine import torch_threads
from regnet.study.study import Study

TOLERANCE = 1e-4
"""The largest relative difference of the losses after the warm-up, in the mean over the replicas.

Rounding to single precision makes it 1e-7 in most replicas; a few of a thousand have a unit about to die, and move by 1e-3.
"""
MOST_CHECKED = 1000
"""Replicas whose losses are compared; where there are more, the first of them."""


Tell: TypeAlias = Callable[[str], None]
"""Is given a line on what is happening."""


@dataclass(frozen=True)
class Plan:
    """How much is timed."""

    rounds: int
    """How often each contender is timed."""
    epochs: int
    """How long it trains for each timing, at least."""


@dataclass(frozen=True)
class Timing:
    """What one contender costs."""

    contender: Contender
    step_microseconds: np.ndarray
    """Microseconds for one optimizer step of one run, in each round, ``(rounds,)``: a replica's share of a step of all."""
    cores: np.ndarray
    """Processor seconds for each second, in each round, ``(rounds,)``."""
    start_seconds: float
    """From nothing to the end of the first epoch."""
    peak_memory: int | None
    """Bytes, if the system tells."""
    loss_error: float
    """The mean relative difference of the replicas' training losses from the reference, after the warm-up."""


@dataclass(frozen=True)
class Race:
    """All that was measured, and who could not take part."""

    timings: tuple[Timing, ...]
    absent: tuple[Contender, ...]

    def find(self, key: str) -> Timing | None:
        """The timing of the contender with that key, such as ``lockstep:20``."""
        return next((one for one in self.timings if one.contender.key == key), None)

    def speed(self, timing: Timing, against: str = BASELINE) -> np.ndarray | None:
        """How many times as fast a run is as with the contender of that key in the same round, ``(rounds,)``."""
        other = self.find(against)
        return None if other is None else other.step_microseconds / timing.step_microseconds


def benchmark(study: Study, pairs: Sequence[tuple[str, int]], plan: Plan, tell: Tell = lambda _: None) -> Race:
    """Times ways of training on the study's network and data.

    Each contender starts in a process of its own, one after another, and is warmed up. Its losses are then compared with those
    of the hand-built engine in double precision. In every round each is timed once, in turn.

    Args:
        study: what to train: the report's network, loss and optimizer, with the seeds from 0 on.
        pairs: keys of `WAYS`, each with a number of replicas.
        plan: how often and how long.
        tell: hears what is happening.

    Raises:
        RegnetError: a contender's losses are wrong, or it failed; says which and how.
    """
    checked = min(max(replicas for _, replicas in pairs), MOST_CHECKED)
    problem, reference = read_problem(study, checked), reference_losses(study, checked)
    entrants = contenders(pairs, study, problem)
    timings = race([one for one in entrants if not one.missing], problem.steps, reference, plan, tell)
    return Race(tuple(timings), tuple(one for one in entrants if one.missing))


def race(entrants: Sequence[Contender], steps: int, reference: np.ndarray, plan: Plan, tell: Tell) -> list[Timing]:
    """Times contenders whose epochs have so many steps, and whose losses should be those of the reference ``(R,)``."""
    with ExitStack() as running:
        racers, starts, errors = [], [], []
        for contender in entrants:
            tell(f"{contender.name} gets ready")
            racer = Racer(contender)
            running.callback(racer.stop)
            racers.append(racer)
            starts.append(racer.ready())
            errors.append(_loss_error(contender, starts[-1].losses, reference))
        laps = []
        for turn in range(plan.rounds):
            tell(f"round {turn + 1} of {plan.rounds}")
            laps.append([racer.lap(plan.epochs) for racer in racers])
        peaks = [racer.finish() for racer in racers]
    return [
        Timing(contender, _step_microseconds(own, steps * contender.replicas), _cores(own), start.start_seconds, peak, error)
        for contender, own, start, peak, error in zip(entrants, zip(*laps, strict=True), starts, peaks, errors, strict=True)
    ]


def _step_microseconds(laps: Sequence[Lap], steps: int) -> np.ndarray:
    return np.array([1e6 * lap.seconds / (lap.epochs * steps) for lap in laps])


def _cores(laps: Sequence[Lap]) -> np.ndarray:
    return np.array([lap.processor_seconds / lap.seconds for lap in laps])


def reference_losses(study: Study, replicas: int) -> np.ndarray:
    """The training losses ``(R,)`` after the warm-up, by the hand-built engine in double precision."""
    with torch_threads(1):
        program = engines.prepare(replace(study, engine="handbuilt", dtype=torch.float64), replicas)
        program.train(WARM_UP)
        return program.losses()


def _loss_error(contender: Contender, losses: np.ndarray, reference: np.ndarray) -> float:
    """How far the losses are from the reference, as far as that goes: the mean relative difference."""
    if losses.shape != (contender.replicas,):
        raise RegnetError(f"bench: {contender.name}: expected {contender.replicas} losses, got shape {losses.shape}")
    expected, found = reference[: contender.replicas], losses[: len(reference)]
    error = float(np.abs(found / expected - 1).mean())
    if not error <= TOLERANCE:
        raise RegnetError(
            f"bench: {contender.name} does not train what the engine trains, so its time means nothing: after {WARM_UP} epochs "
            f"its losses are off by {error:.2g} of their value, allowed {TOLERANCE:g}; "
            f"the first is {found[0]:.6g}, expected {expected[0]:.6g}"
        )
    return error
