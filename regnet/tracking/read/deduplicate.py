"""The union of launches: what was run again is the same run again, so that a study has each of its seeds once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from regnet.tracking.store.store import TrackedRun


@dataclass(frozen=True)
class Union:
    """Runs of which no two are of the same study and seed."""

    runs: tuple[TrackedRun, ...]
    notes: tuple[str, ...]
    """What became of the studies that were launched more than once."""


def unite(runs: Iterable[TrackedRun]) -> Union:
    """One run for each study and seed, in the order in which these first come: the newest of those that were trained to the end.

    Where none was, it is the newest of all. The configurations of a study are the same wherever it was launched: that is what its
    identity says.
    """
    same: dict[tuple[str, int], list[TrackedRun]] = defaultdict(list)
    for run in runs:
        same[run.study, run.seed].append(run)
    taken = tuple(max(group, key=lambda run: (run.finished, run.start)) for group in same.values())
    studies: dict[str, list[list[TrackedRun]]] = defaultdict(list)
    for (study, _), group in same.items():
        studies[study].append(group)
    return Union(taken, tuple(note for groups in studies.values() for note in _notes(groups)))


def _notes(groups: Sequence[Sequence[TrackedRun]]) -> Iterator[str]:
    """What is to be said of a study, given for each seed its runs."""
    launches = list(dict.fromkeys(run.launch for group in groups for run in group))
    again = [group for group in groups if len(group) > 1]
    if len(launches) == 1 and not again:
        return
    tags = groups[0][0].tags
    name = f"{tags['regnet.study_name']!r} ({tags['regnet.study']})"
    where = f"was run in {len(launches)} launches ({', '.join(launches)})" if len(launches) > 1 else f"is in {launches[0]} twice"
    twice = f", and {len(again)} that were run again taken once" if again else ""
    yield f"{name} {where}: its {len(groups)} seeds are united{twice}"
    unlike = sorted(group[0].seed for group in again if _disagree(group))
    if unlike:
        yield f"{name} did not end alike when run again, seed {unlike[0]} for one: the newest run is taken; see the versions"


def _disagree(group: Iterable[TrackedRun]) -> bool:
    """Whether runs that should be the same ended with other numbers, time apart."""
    ends = [{name: value for name, value in run.metrics.items() if name.startswith("final/")} for run in group if run.finished]
    return any(end != ends[0] for end in ends[1:])
