"""The comparisons of a launch with ``seeds=auto`` as a table: what each has shown, and with how many seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

from regnet.launch_folder.looks import Closed, Looks
from regnet.report.sequential import BEATEN, Group, beaten, groups
from regnet.report.tables.format import NOTHING
from regnet.report.tables.table import Table
from regnet.stats import Measure
from regnet.stats.wording import listed, p_value
from regnet.study.result import StudyResult

HEADINGS = ("first against second", "shown", "first − second, 95 % interval", "p", "p had to reach", "seeds")
INTERVALS = (
    "The intervals hold together, at all looks and for all comparisons of one data set; below 0 the first has the smaller value. "
    "Means of single studies are a little too extreme, since their numbers of seeds were chosen by the values."
)
CLOSED = "Closed: one of the two is shown to be worse than another study, so that it is not the best."


def sequential_tables(results: Sequence[StudyResult], looks: Looks) -> list[Table]:
    """Return a table for each data set that several studies with ``seeds=auto`` were measured on."""
    return [_table(group, looks) for group in groups(results) if len(group.studies) > 1]


def _table(group: Group, looks: Looks) -> Table:
    names = dict(zip(group.studies, (sample.name for sample in group.samples), strict=True))
    known = {frozenset((each.first, each.second)): each for each in looks.closed}
    rows = [_row(pair, known.get(frozenset(pair)), names, group, looks) for pair in combinations(group.studies, 2)]
    most = max(looks.seeds_of(study) for study in group.studies)
    title = f"As many seeds as it takes: {most} of at most {looks.schedule[-1]}. {_headline(group, names, looks)}"
    return Table(title, HEADINGS, tuple(rows), tuple(_notes(group, looks, most)))


def _headline(group: Group, names: dict[str, str], looks: Looks) -> str:
    """Name the study that is shown to be better than all others, or those that may be the best."""
    left = [names[study] for study in group.studies if study not in beaten(looks.closed)]
    if len(left) == 1:
        return f"{left[0]!r} is the best"
    return f"{len(left)} of {len(names)} studies may be the best"


def _row(pair: tuple[str, str], closed: Closed | None, names: dict[str, str], group: Group, looks: Looks) -> tuple[str, ...]:
    label = " against ".join(names[study] for study in pair)
    if closed is None:
        lacking = [sample for study, sample in zip(group.studies, group.samples, strict=True) if study in pair and sample.lacking]
        why = f"not compared: {lacking[0].name!r} has no value of {len(lacking[0].lacking)} seeds" if lacking else "open"
        return label, why, *[NOTHING] * 3, str(min(looks.seeds_of(study) for study in pair))
    p = NOTHING if closed.p is None else p_value(closed.p, "", closed.level).lstrip("= ")
    between = NOTHING if closed.low is None or closed.high is None else _interval(group.measure, closed.low, closed.high)
    return label, _shown(closed, group.measure, looks), between, p, f"{closed.level:.2g}", str(closed.seeds)


def _shown(closed: Closed, measure: Measure, looks: Looks) -> str:
    better = "first" if closed.better == closed.first else "second"
    words = {"decided": f"the {better} is better", "equal": f"less than {_gap(measure, looks)} apart", "futile": "gap given up"}
    return (words | {BEATEN: "closed"}).get(closed.outcome, "not decided")


def _interval(measure: Measure, low: float, high: float) -> str:
    return f"[{measure.scale * low:.3g}, {measure.scale * high:.3g}] {measure.gap_unit}".rstrip()


def _gap(measure: Measure, looks: Looks) -> str:
    unit = measure.gap_unit.removesuffix("s") if looks.gap == 1 else measure.gap_unit
    return f"{looks.gap:g} {unit}".rstrip()


def _notes(group: Group, looks: Looks, most: int) -> Iterator[str]:
    gap = _gap(group.measure, looks)
    numbers = listed([number for number in looks.schedule if number <= most], len(looks.schedule))
    family = comb(len(group.studies), 2)
    yield (
        f"The values were looked at with {numbers} seeds. All looks and {'the' if family == 1 else f'all {family}'} "
        f"comparison{'s' * (family > 1)} together show a difference where there is none with a probability of 5 % at most "
        "(Student's t by seed, Lan and DeMets' levels, Holm's procedure)."
    )
    outcomes = {each.outcome for each in looks.closed if each.first in group.studies}
    if "futile" in outcomes:
        yield f"Gap given up: where a difference is {gap}, which matters, this happens in {100 - 100 * looks.power:.3g} % at most."
    if BEATEN in outcomes:
        yield CLOSED
    yield INTERVALS
    if any(sample.worst for sample in group.samples):
        yield "A failed seed counts as the worst value."
