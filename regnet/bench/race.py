"""The race: every contender is timed once in each round, in turn, so that other load on the machine affects all equally."""

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

Rounding to single precision causes 1e-7 in most replicas, and 1e-3 in a few of a thousand, in which a unit is about to die.
"""
MOST_CHECKED = 1000
"""The most replicas whose losses are compared; of more, the first are compared."""


Report: TypeAlias = Callable[[str], None]
"""Called with a line on the progress."""


@dataclass(frozen=True)
class Plan:
    """How often and how long contenders are timed."""

    rounds: int
    """The number of times that each contender is timed."""
    epochs: int
    """The least number of epochs for each timing."""


@dataclass(frozen=True)
class Timing:
    """The measurements of one contender."""

    contender: Contender
    step_microseconds: np.ndarray
    """Microseconds for one optimizer step of one run, in each round, ``(rounds,)``: the time of a step over its replicas."""
    cores: np.ndarray
    """Processor seconds per second of wall time, in each round, ``(rounds,)``."""
    start_seconds: float
    """From the start of the process to the end of the first epoch."""
    peak_memory: int | None
    """In bytes, if the system reports it."""
    loss_error: float
    """The mean relative difference of the replicas' training losses from the reference, after the warm-up."""


@dataclass(frozen=True)
class Race:
    """All measurements, and the contenders that could not take part."""

    timings: tuple[Timing, ...]
    absent: tuple[Contender, ...]

    def find(self, key: str) -> Timing | None:
        """Return the timing of the contender with that key, such as ``lockstep:20``."""
        return next((timing for timing in self.timings if timing.contender.key == key), None)

    def speed(self, timing: Timing, against: str = BASELINE) -> np.ndarray | None:
        """Return the speed of a run relative to the contender of that key, by round, ``(rounds,)``."""
        reference = self.find(against)
        return None if reference is None else reference.step_microseconds / timing.step_microseconds


def benchmark(study: Study, pairs: Sequence[tuple[str, int]], plan: Plan, report: Report = lambda _: None) -> Race:
    """Time ways of training on the study's network and data.

    Each contender starts in its own process, one after another, and is warmed up. Its losses are then compared with those
    of the hand-built engine in double precision. In every round, each contender is timed once, in turn.

    Args:
        study: what to train: the paper's network, loss and optimizer, with the seeds from 0 on.
        pairs: keys of `WAYS`, each with a number of replicas.
        plan: how often and how long.
        report: called with a line on the progress.

    Raises:
        RegnetError: a contender's losses are wrong, or it failed; the message names it and the reason.
    """
    checked = min(max(replicas for _, replicas in pairs), MOST_CHECKED)
    problem, reference = read_problem(study, checked), reference_losses(study, checked)
    entrants = contenders(pairs, study, problem)
    timings = race([contender for contender in entrants if not contender.missing], problem.steps, reference, plan, report)
    return Race(tuple(timings), tuple(contender for contender in entrants if contender.missing))


def race(entrants: Sequence[Contender], steps: int, reference: np.ndarray, plan: Plan, report: Report) -> list[Timing]:
    """Time contenders whose epochs have that many steps, and whose losses should equal the reference ``(R,)``."""
    with ExitStack() as running:
        racers, starts, errors = [], [], []
        for contender in entrants:
            report(f"{contender.name} gets ready")
            racer = Racer(contender)
            running.callback(racer.stop)
            racers.append(racer)
            starts.append(racer.ready())
            errors.append(_loss_error(contender, starts[-1].losses, reference))
        laps = []
        for turn in range(plan.rounds):
            report(f"round {turn + 1} of {plan.rounds}")
            laps.append([racer.lap(plan.epochs) for racer in racers])
        peaks = [racer.finish() for racer in racers]
    return [
        Timing(contender, _step_microseconds(each, steps * contender.replicas), _cores(each), start.start_seconds, peak, error)
        for contender, each, start, peak, error in zip(entrants, zip(*laps, strict=True), starts, peaks, errors, strict=True)
    ]


def _step_microseconds(laps: Sequence[Lap], steps: int) -> np.ndarray:
    return np.array([1e6 * lap.seconds / (lap.epochs * steps) for lap in laps])


def _cores(laps: Sequence[Lap]) -> np.ndarray:
    return np.array([lap.processor_seconds / lap.seconds for lap in laps])


def reference_losses(study: Study, replicas: int) -> np.ndarray:
    """Return the training losses ``(R,)`` after the warm-up, by the hand-built engine in double precision."""
    with torch_threads(1):
        program = engines.prepare(replace(study, engine="handbuilt", dtype=torch.float64), replicas)
        program.train(WARM_UP)
        return program.losses()


def _loss_error(contender: Contender, losses: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean relative difference of the losses from the reference, for the replicas that it has; check it."""
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
