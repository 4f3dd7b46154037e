"""A comparison over many data sets as a table: a row for each configuration, with its mean and its rank on each data set."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

from regnet.report.tables.table import Table
from regnet.stats import Measure
from regnet.stats.over_data import OverData, describe_pairs
from regnet.stats.rank_tests import MANY
from regnet.stats.wording import p_value


def over_data_table(found: OverData, measures: Sequence[Measure]) -> Table:
    """Return a row for each configuration, the best average rank first.

    Args:
        found: the comparison.
        measures: how to show the values of each data set, ``(D,)``.
    """
    headings = ("configuration", "average rank", *found.data_sets, "shown better than")
    return Table("Average ranks", headings, tuple(_row(found, measures, index) for index in found.order), _notes(found))


def _row(found: OverData, measures: Sequence[Measure], index: int) -> tuple[str, ...]:
    cells = zip(measures, found.values[:, index], found.ranks[:, index], strict=True)
    beaten = f"{int(found.better[index].sum())} of {len(found.names) - 1}"
    shown = (f"{measure.show(value)} ({rank:g})" for measure, value, rank in cells)
    return (found.names[index], f"{found.average_ranks[index]:.2f}", *shown, beaten)


def _notes(found: OverData) -> tuple[str, ...]:
    cells = "Means over seeds, and in parentheses their ranks on the data set: 1 is the best."
    return (f"{cells} Errors of different data sets are not averaged.", _test(found), *_pairs(found))


def _test(found: OverData) -> str:
    """Return the test for any difference with its statistics and p."""
    start, p = f"Any difference over {len(found.data_sets)} data sets: {found.test}", p_value(found.p, "p")
    if found.chi_squared is None or found.f is None:
        return f"{start}, {p}."
    how = "" if len(found.data_sets) > MANY else " by permutation"
    return f"{start}, χ² = {found.chi_squared:.2f}, F = {'∞' if isinf(found.f) else f'{found.f:.2f}'}, {p}{how}."


def _pairs(found: OverData) -> list[str]:
    """Say how pairs were tested, if they were."""
    if found.post_hoc is None:
        return []
    if not found.significant:
        return ["Pairs: none is shown to differ, since the test for any difference shows none."]
    return [f"Pairs: {describe_pairs(found)}."]
