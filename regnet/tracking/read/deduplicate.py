"""The union of launches: each seed of a study is counted once, however often it was run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from regnet.tracking.store.messages import AUTOMATIC, PLANNED
from regnet.tracking.store.store import TrackedRun

EQUAL_CALLED_DIFFERENT: Final = {2: "8", 3: "11", 4: "13", 5: "14"}
"""In how many of 100 comparisons of equal studies a test at 0.05 shows a difference at any of several equally spaced looks.

Source: Armitage, McPherson and Rowe, "Repeated significance tests on accumulating data", J. R. Statist. Soc. A 132 (1969)."""


@dataclass(frozen=True)
class Union:
    """Runs without duplicates: at most one for each study and seed."""

    runs: tuple[TrackedRun, ...]
    notes: tuple[str, ...]
    """Notes about the studies that were launched more than once, for users."""


def unite(runs: Iterable[TrackedRun]) -> Union:
    """Return one run for each study and seed, in the order of their first appearance.

    Of several runs, the newest finished run is chosen, or the newest run if none is finished. Runs with the same study identity
    have the same configuration.
    """
    by_seed: dict[tuple[str, int], list[TrackedRun]] = defaultdict(list)
    for run in runs:
        by_seed[run.study, run.seed].append(run)
    chosen = tuple(max(group, key=lambda run: (run.finished, run.start)) for group in by_seed.values())
    studies: dict[str, list[list[TrackedRun]]] = defaultdict(list)
    for (study, _), group in by_seed.items():
        studies[study].append(group)
    notes = [note for groups in studies.values() for note in _notes(groups)]
    return Union(chosen, (*notes, *_added(chosen)))


def _notes(groups: Sequence[Sequence[TrackedRun]]) -> Iterator[str]:
    """Yield the notes about a study, given the runs of each of its seeds."""
    launches = list(dict.fromkeys(run.launch for group in groups for run in group))
    repeated = [group for group in groups if len(group) > 1]
    if len(launches) == 1 and not repeated:
        return
    tags = groups[0][0].tags
    name = f"{tags['regnet.study_name']!r} ({tags['regnet.study']})"
    several = f"was run in {len(launches)} launches ({', '.join(launches)})"
    where = several if len(launches) > 1 else f"was run more than once in {launches[0]}"
    once = f", and seeds run more than once ({len(repeated)}) are counted once" if repeated else ""
    yield f"{name} {where}: its {len(groups)} seeds are combined{once}"
    unequal = sorted(group[0].seed for group in repeated if _disagree(group))
    if unequal:
        yield (
            f"{name} gave different results when run again, for example with seed {unequal[0]}: the newest run is used; "
            "compare the versions"
        )


def _added(runs: Iterable[TrackedRun]) -> Iterator[str]:
    """Yield a note if seeds were added to studies later, which is no mistake unless the values were the reason."""
    steps: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for run in runs:
        if "seeds" not in run.tags.get(AUTOMATIC, "").split():
            steps[run.study].add((run.launch, run.tags.get(PLANNED, "")))
    most = max(map(len, steps.values()), default=1)
    if most > 1:
        error = EQUAL_CALLED_DIFFERENT.get(most, "15 or more")
        yield (
            f"seeds were added later, in {most} steps: if they were added because of the values, about {error} of 100 equal "
            "studies are called different instead of 5; seeds=auto corrects for such looks"
        )


def _disagree(group: Iterable[TrackedRun]) -> bool:
    """Return whether finished runs of one study and seed have different final metrics, apart from times."""
    finals = [{name: value for name, value in run.metrics.items() if name.startswith("final/")} for run in group if run.finished]
    return any(final != finals[0] for final in finals[1:])
