"""The sources of randomness as a table: a row for each, with its standard deviation and its shares in the variance."""

from __future__ import annotations

from collections.abc import Iterator

from regnet.report.tables.format import NOTHING
from regnet.report.tables.table import Table
from regnet.report.variance import Sources
from regnet.stats import Estimate
from regnet.stats.variance_shares import VarianceShares

HEADINGS = ("source of randomness", "std if only it varies", "share alone", "with interactions")
ALL = "all together"
DEFINED = (
    "Shares are parts of the variance, the square of the standard deviation. Alone: what a source causes by itself. With "
    "interactions: also what it causes only in combination with others, averaged over their values; such parts count for several "
    "sources. An estimate beyond 0 or 100 % is shown as that."
)
LITERATURE = "Method: Bouthillier et al., MLSys 2021; Sobol' 1993 (first-order and total indices)."
LISTED = 6
"""The most seeds that a note lists."""


def sources_table(given: Sources) -> Table:
    """Return a row for each source, the largest share with interactions first, and one for all together."""
    found, measure = given.found, given.measure
    order = sorted(range(len(found.sources)), key=lambda index: -found.sources[index].with_interactions.value)
    rows = [
        (given.names[index], measure.gap(share.std), as_share(share.alone), as_share(share.with_interactions))
        for index, share in ((index, found.sources[index]) for index in order)
    ]
    title = f"What the {given.title} varies with, on {given.data_set}"
    return Table(title, HEADINGS, (*rows, (ALL, _spread(given), "100 %", "100 %")), tuple(_notes(given)))


def sources_verdict(given: Sources) -> str:
    """Say which source has the largest share, and whether that is shown."""
    found = given.found
    name = given.names[found.largest]
    if len(given.sources) == 1:
        return f"Nothing but {name} varies from run to run, and causes all of the variance of the {given.title}."
    share = as_share(found.sources[found.largest].with_interactions, brackets=False)
    start = f"The largest share in the variance of the {given.title} is that of {name}: {share}, with interactions"
    if found.is_shown:
        return f"{start}. It is shown to be larger than every other."
    rivals = [other for index, other in enumerate(given.names) if index != found.largest and not found.larger[found.largest, index]]
    return f"{start}. It is not shown to be larger than that of {_listed(rivals)}."


def as_share(estimate: Estimate, *, brackets: bool = True) -> str:
    """Format a share in percent with its interval."""
    value = f"{100 * min(max(estimate.value, 0.0), 1.0):.0f} %"
    if estimate.interval is None:
        return value
    low, high = (f"{100 * end:.0f}" for end in (estimate.interval.low, estimate.interval.high))
    level = f"{100 * estimate.interval.level:g} % interval"
    return f"{value} [{low}, {high} %]" if brackets else f"{value} ({level} {low} to {high} %)"


def _spread(given: Sources) -> str:
    """Format the standard deviation of all sources together with its interval."""
    measure, std = given.measure, given.found.std
    if std.interval is None:
        return measure.gap(std.value)
    ends = ", ".join(f"{measure.scale * end:.3g}" for end in (std.interval.low, std.interval.high))
    return f"{measure.gap(std.value)} [{ends}]"


def _notes(given: Sources) -> Iterator[str]:
    found, n = given.found, len(given.seeds)
    yield DEFINED if len(given.sources) > 1 else "There is no other source, so that its share is 100 %."
    studies = "1 study" if given.studies == 1 else f"{given.studies} studies"
    yield f"In brackets {100 * found.level:g} % intervals, each for itself, from {n} seeds in each of {studies}. {LITERATURE}"
    yield given.population
    if given.left_out:
        seeds = [*map(str, list(given.left_out)[:LISTED]), *(["…"] if len(given.left_out) > LISTED else [])]
        first, reason = next(iter(given.left_out.items()))
        yield f"Left out in every study: {_seeds(len(given.left_out))} {', '.join(seeds)} (seed {first}: {reason})."
    if given.unusual is not None:
        yield _unusual(given)


def _unusual(given: Sources) -> str:
    """Say how much depends on runs that are unlike the others."""
    assert given.unusual is not None
    runs, seeds, without = given.unusual.runs, given.unusual.seeds, given.unusual.without
    named = ", ".join([*map(str, seeds[:LISTED]), *(["…"] if len(seeds) > LISTED else [])])
    start = (
        f"{runs} of {given.studies * len(given.seeds)} runs, of {_seeds(len(seeds))} {named}, learned nothing or ended far from "
        "the rest, and the shares depend on them."
    )
    if without is None:
        return f"{start} Without these seeds, nothing can be said."
    return f"{start} Without {'this seed' if len(seeds) == 1 else 'these seeds'}: {_briefly(given, without)}."


def _briefly(given: Sources, found: VarianceShares) -> str:
    std = f"a standard deviation of {given.measure.gap(found.std.value)}"
    shares = (f"{name} {as_share(share.with_interactions)}" for name, share in zip(given.names, found.sources, strict=True))
    return f"{std}; with interactions {', '.join(shares)}" if len(given.sources) > 1 else std


def _seeds(count: int) -> str:
    return "seed" if count == 1 else "seeds"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else NOTHING
