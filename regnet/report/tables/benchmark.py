"""What the benchmark found, as tables for people and as JSON for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from regnet.bench.contender import BASELINE, WAYS, Contender
from regnet.bench.race import Plan, Race, Timing
from regnet.machine import describe_machine
from regnet.report.tables.table import Table

COMPARISONS = (
    ("solo", "torch"),
    ("solo", "compile"),
    ("lockstep:20", "torch"),
    ("lockstep:20", "jax:20"),
    ("lockstep:20", "compiled-vmap:20"),
    ("lockstep:100", "jax:100"),
    ("lockstep:100", "compiled-vmap:100"),
    ("lockstep:100", "c"),
)
"""Ours, and what a user might pick instead, by the contenders' keys."""
QUIET = 0.1
"""A contender that used more cores than one by this, or got less than one by this, was not measured on one quiet core."""
NONE = "–"


def timing_table(race: Race, plan: Plan) -> Table:
    """A row for each contender: time, speed, start-up and memory, or that it is not there, and why."""
    rows = [
        (
            one.contender.name,
            _spread(one.step_microseconds, " µs"),
            _spread(race.speed(one), "×"),
            f"{one.start_seconds:.1f} s",
            _size(one.peak_memory),
        )
        for one in race.timings
    ]
    rows += [(one.name, "not timed", NONE, NONE, NONE) for one in race.absent]
    headings = ("", "a step, per run", f"speed against {WAYS[BASELINE].name}", "start-up", "peak memory")
    how = (
        f"Medians of {plan.rounds} interleaved rounds of {plan.epochs} epochs or more (lowest to highest); each contender in a "
        "process of its own, on one thread. Start-up is all until the end of the first epoch: imports, data, compiling."
    )
    absent = (f"{one.name} was not timed: {one.missing}." for one in race.absent)
    notes = (how, *absent, *_warnings(race), f"Measured on: {describe_machine()}.")
    return Table("A training step of the report's network", headings, tuple(rows), notes)


def comparison_table(race: Race) -> Table | None:
    """How many times as fast regnet trains a run as what a user might pick instead; None where nothing can be compared."""
    rows = []
    for ours, theirs in COMPARISONS:
        own, other = race.find(ours), race.find(theirs)
        if own and other:
            rows.append((own.contender.name, other.contender.name, _spread(race.speed(own, theirs), "×", digits=2)))
    note = "Start-up and compiling are left out; above 1× is quicker, run by run."
    return Table("Side by side", ("", "against", "speed"), tuple(rows), (note,)) if rows else None


def memory_note(timing: Timing) -> str:
    """What a large lockstep program used, in a sentence."""
    return (
        f"{timing.contender.name}, each with data of its own: {_size(timing.peak_memory)} at the peak, "
        f"{np.median(timing.step_microseconds):.1f} µs a step and run, {timing.start_seconds:.0f} s to start."
    )


def as_json(race: Race, plan: Plan, memory: Timing | None) -> dict[str, Any]:
    """Every single measurement."""
    return {
        "machine": describe_machine(),
        "rounds": plan.rounds,
        "epochs": plan.epochs,
        "timings": [_timing(race, one) for one in race.timings],
        "absent": [_contender(one) | {"reason": one.missing} for one in race.absent],
        "memory": memory and _timing(race, memory),
    }


def _timing(race: Race, one: Timing) -> dict[str, Any]:
    speed = race.speed(one) if one in race.timings else None
    return _contender(one.contender) | {
        "step_microseconds": one.step_microseconds.tolist(),
        "speedup": None if speed is None else speed.tolist(),
        "cores": one.cores.tolist(),
        "start_seconds": one.start_seconds,
        "peak_memory": one.peak_memory,
        "loss_error": one.loss_error,
    }


def _contender(one: Contender) -> dict[str, Any]:
    return {"key": one.key, "name": one.name, "replicas": one.replicas}


def _spread(values: np.ndarray | None, unit: str, digits: int = 1) -> str:
    if values is None:
        return NONE
    return f"{np.median(values):.{digits}f}{unit} ({values.min():.{digits}f} to {values.max():.{digits}f})"


def _size(count: int | None) -> str:
    if count is None:
        return NONE
    return f"{count / 2**30:.2f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"


def _warnings(race: Race) -> list[str]:
    """Who had more than a core, and who had less."""
    cores = {one.contender.name: float(np.median(one.cores)) for one in race.timings}
    more = [f"{name} ({used:.2f})" for name, used in cores.items() if used > 1 + QUIET]
    less = [used for used in cores.values() if used < 1 - QUIET]
    notes = [f"Used more than one core: {', '.join(more)}."] if more else []
    if less:
        notes.append(
            f"The machine was busy: in the median round {len(less)} of {len(cores)} got {min(less):.2f} of a core or more."
        )
    return notes
