"""As many seeds as it takes: what each look at the studies of a launch with ``seeds=auto`` shows, and which need more seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import isfinite
from typing import Final

from regnet.errors import ConfigError
from regnet.launch_folder.looks import Closed, Looks
from regnet.report.samples import samples
from regnet.stats import Measure, Sample
from regnet.stats.pairing import match
from regnet.stats.rules import USUAL
from regnet.stats.sequential import Decision, Plan, decide_family
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

BEATEN: Final = "beaten"
"""The outcome of a comparison that is closed because one of its studies is shown to be worse than another."""


@dataclass(frozen=True)
class Group:
    """The studies of one data set, which are compared with each other."""

    studies: tuple[str, ...]
    """Their identities."""
    samples: tuple[Sample, ...]
    """Their values, under their labels."""
    measure: Measure


def groups(results: Sequence[StudyResult]) -> list[Group]:
    """Group the studies with ``seeds=auto`` by the data that their headline is measured on.

    A failed seed counts as the worst value of the metric, if it has one.
    """
    sequential = [result for result in results if result.sequential]
    labels = study_labels(sequential)
    found = []
    for metric in dict.fromkeys(result.headline for result in sequential):
        names, studies = zip(*[pair for pair in zip(labels, sequential, strict=True) if pair[1].headline == metric], strict=True)
        measure = studies[0].measure(metric)
        by_data: dict[str, list[tuple[str, Sample]]] = {}
        for study, sample in zip(studies, samples(names, studies, metric), strict=True):
            complete = sample.with_worst(measure.worst) if isfinite(measure.worst) else sample
            by_data.setdefault(sample.data, []).append((study.identity, complete))
        for members in by_data.values():
            found.append(Group(tuple(study for study, _ in members), tuple(sample for _, sample in members), measure))
    return found


def look_at(results: Sequence[StudyResult], looks: Looks) -> Looks:
    """Return the state after a look at all values that there are.

    In each group of k studies, the family has all k (k - 1) / 2 comparisons, by Student's t of the differences by seed. A
    comparison is closed when a difference is shown, when the gap is excluded, when a study has a seed without a value, or when one
    of its studies is shown to be worse than another, so that it cannot be the best. A study without an open comparison gets no more
    seeds.

    Raises:
        ConfigError: no two studies were measured on the same data.
    """
    closed = [*looks.closed]
    stopped = dict(looks.stopped)
    last = looks.look + 1 == len(looks.schedule)
    found = groups(results)
    if all(len(group.studies) == 1 for group in found):
        raise ConfigError("seeds=auto compares studies, and no two of this sweep are measured on the same data: set seeds=20")
    for group in found:
        new, open_studies = _look_at_group(group, looks)
        closed += new
        for study in group.studies:
            if study not in stopped and (last or study not in open_studies):
                stopped[study] = looks.seeds_of(study)
    going_on = any(result.identity not in stopped for result in results if result.sequential)
    return replace(looks, look=looks.look + 1 if going_on else len(looks.schedule), stopped=stopped, closed=tuple(closed))


def _look_at_group(group: Group, looks: Looks) -> tuple[list[Closed], set[str]]:
    """Return the comparisons that are closed now, and the studies that need more seeds."""
    every = list(combinations(group.studies, 2))
    if not every:
        return [], set()
    before = [each for each in looks.closed if (each.first, each.second) in every]
    values = dict(zip(group.studies, group.samples, strict=True))
    usable = {study for study, sample in values.items() if not sample.lacking}
    pairs = [pair for pair in every if usable.issuperset(pair) and pair not in {(each.first, each.second) for each in before}]
    plan = Plan(looks.schedule, looks.gap / group.measure.scale, power=looks.power, family=len(every), spending="linear")
    matched = [match(values[first], values[second], group.measure, USUAL) for first, second in pairs]
    shown = sum(each.outcome == "decided" for each in before)
    decisions = list(zip(pairs, decide_family(matched, plan, looks.look, group.measure, shown=shown), strict=True))
    found = [_closed(pair, each, looks, each.outcome) for pair, each in decisions if each.outcome != "continue"]
    worse = beaten([*before, *found])
    left = [(pair, each) for pair, each in decisions if each.outcome == "continue"]
    found += [_closed(pair, each, looks, BEATEN) for pair, each in left if worse & {*pair}]
    return found, {study for pair, _ in left if not worse & {*pair} for study in pair}


def beaten(closed: Iterable[Closed]) -> set[str]:
    """Return the studies that are shown to be worse than another."""
    return {each.second if each.better == each.first else each.first for each in closed if each.better}


def _closed(pair: tuple[str, str], decision: Decision, looks: Looks, outcome: str) -> Closed:
    first, second = pair
    better = {"first": first, "second": second, None: None}[decision.better]
    low, high = (decision.interval.low, decision.interval.high) if decision.interval else (None, None)
    return Closed(first, second, outcome, looks.schedule[looks.look], decision.p, decision.level, low, high, better)


def describe_look(before: Looks, after: Looks) -> str:
    """Say in a line what a look has closed, and what follows."""
    new = after.closed[len(before.closed) :]
    shown = sum(each.outcome == "decided" for each in new)
    found = f"{shown} new {'difference is' if shown == 1 else 'differences are'} shown, {len(new) - shown} comparisons closed"
    follows = "no more seeds are needed" if after.ended else f"next: {after.schedule[after.look]} seeds where others are open"
    if any(each.outcome == "undecided" for each in new):
        follows = "max_seeds is reached"
    return (
        f"Look {before.look + 1} of at most {len(before.schedule)}, with {before.schedule[before.look]} seeds: {found}; {follows}"
    )
