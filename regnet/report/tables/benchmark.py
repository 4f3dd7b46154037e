"""The benchmark's results, as tables for people and as JSON for programs."""

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
"""The keys of regnet's contenders, each with an alternative that a user might choose."""
QUIET = 0.1
"""The largest deviation from one core, in cores, of a contender that was measured on one quiet core."""
NONE = "–"


def timing_table(race: Race, plan: Plan) -> Table:
    """Return a row for each contender: time, speed, start-up and memory, or why it was not timed."""
    rows = [
        (
            timing.contender.name,
            _spread(timing.step_microseconds, " µs"),
            _spread(race.speed(timing), "×"),
            f"{timing.start_seconds:.1f} s",
            _size(timing.peak_memory),
        )
        for timing in race.timings
    ]
    rows += [(contender.name, "not timed", NONE, NONE, NONE) for contender in race.absent]
    headings = ("", "a step, per run", f"speed against {WAYS[BASELINE].name}", "start-up", "peak memory")
    how = (
        f"Medians of {plan.rounds} interleaved rounds of {plan.epochs} epochs or more (lowest to highest); each contender in a "
        "process of its own, on one thread. Start-up is all until the end of the first epoch: imports, data, compiling."
    )
    absent = (f"{contender.name} was not timed: {contender.missing}." for contender in race.absent)
    notes = (how, *absent, *_warnings(race), f"Measured on: {describe_machine()}.")
    return Table("A training step of the paper's network", headings, tuple(rows), notes)


def comparison_table(race: Race) -> Table | None:
    """Return how many times as fast regnet trains a run as the alternatives; None if nothing can be compared."""
    rows = []
    for key, alternative in COMPARISONS:
        ours, theirs = race.find(key), race.find(alternative)
        if ours and theirs:
            rows.append((ours.contender.name, theirs.contender.name, _spread(race.speed(ours, alternative), "×", digits=2)))
    note = "Start-up and compiling are left out; above 1× is quicker, run by run."
    return Table("Side by side", ("", "against", "speed"), tuple(rows), (note,)) if rows else None


def memory_note(timing: Timing) -> str:
    """Describe the memory and time of a large lockstep program in a sentence."""
    return (
        f"{timing.contender.name}, each with data of its own: {_size(timing.peak_memory)} at the peak, "
        f"{np.median(timing.step_microseconds):.1f} µs a step and run, {timing.start_seconds:.0f} s to start."
    )


def as_json(race: Race, plan: Plan, memory: Timing | None) -> dict[str, Any]:
    """Return every single measurement."""
    return {
        "machine": describe_machine(),
        "rounds": plan.rounds,
        "epochs": plan.epochs,
        "timings": [_timing(race, timing) for timing in race.timings],
        "absent": [_contender(contender) | {"reason": contender.missing} for contender in race.absent],
        "memory": memory and _timing(race, memory),
    }


def _timing(race: Race, timing: Timing) -> dict[str, Any]:
    speed = race.speed(timing) if timing in race.timings else None
    return _contender(timing.contender) | {
        "step_microseconds": timing.step_microseconds.tolist(),
        "speedup": None if speed is None else speed.tolist(),
        "cores": timing.cores.tolist(),
        "start_seconds": timing.start_seconds,
        "peak_memory": timing.peak_memory,
        "loss_error": timing.loss_error,
    }


def _contender(contender: Contender) -> dict[str, Any]:
    return {"key": contender.key, "name": contender.name, "replicas": contender.replicas}


def _spread(values: np.ndarray | None, unit: str, digits: int = 1) -> str:
    if values is None:
        return NONE
    return f"{np.median(values):.{digits}f}{unit} ({values.min():.{digits}f} to {values.max():.{digits}f})"


def _size(count: int | None) -> str:
    if count is None:
        return NONE
    return f"{count / 2**30:.2f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"


def _warnings(race: Race) -> list[str]:
    """Name the contenders that used more than one core, and count those that got less."""
    cores = {timing.contender.name: float(np.median(timing.cores)) for timing in race.timings}
    more = [f"{name} ({used:.2f})" for name, used in cores.items() if used > 1 + QUIET]
    less = [used for used in cores.values() if used < 1 - QUIET]
    notes = [f"Used more than one core: {', '.join(more)}."] if more else []
    if less:
        notes.append(
            f"The machine was busy: in the median round {len(less)} of {len(cores)} got {min(less):.2f} of a core or more."
        )
    return notes
