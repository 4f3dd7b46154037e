"""The plan of a launch as text: which jobs train together, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from regnet.training.lockstep import Group


def describe(groups: Sequence[Group], numbers: Sequence[int]) -> Iterator[str]:
    """A line for each group of jobs, and a line for each reason why jobs are trained separately.

    Args:
        groups: the plan.
        numbers: the number of each job, in the order of the plan's indices.
    """
    alone: dict[str, list[int]] = {}
    for group in groups:
        jobs = [numbers[index] for index in group.jobs]
        if len(jobs) > 1:
            yield f"\t{len(jobs)} jobs together, {group.reason}: {ranges(jobs)}"
        else:
            alone.setdefault(group.reason, []).extend(jobs)
    for reason, jobs in alone.items():
        yield f"\t{len(jobs)} alone, {reason}: {ranges(jobs)}"


def ranges(numbers: Iterable[int]) -> str:
    """The numbers as text, consecutive ones as a range: ``#0 to #4, #7``."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    spans = [[number for _, number in run] for _, run in runs]
    return ", ".join(f"#{span[0]} to #{span[-1]}" if len(span) > 1 else f"#{span[0]}" for span in spans)
