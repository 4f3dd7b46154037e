"""`regnet power`: how many seeds it takes to find a gap that matters, by the spread of studies in a store or by a given one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import ceil, inf, isfinite
from statistics import stdev
from typing import TYPE_CHECKING, NamedTuple

from regnet.cli.options import add_store_options
from regnet.cli.stored import selected
from regnet.gc_pause import uncollected
from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    from regnet.stats import Measure, Sample

POWER = 0.8
MORE = 1.3
"""So many times the seeds of a single look are a good `max_seeds`: enough for the same power."""
MOST = 10_000
"""The most seeds for which the looks of ``seeds=auto`` are simulated."""
ALPHA = 0.05


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet power`."""
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="as for regnet compare (default: the newest launch)")
    add_store_options(parser)
    parser.add_argument("--gap", type=float, required=True, help="the smallest difference that matters, as shown: 0.2 (points)")
    parser.add_argument("--power", type=float, default=POWER, help="how often it is to be found (default: %(default)s)")
    parser.add_argument("--comparisons", type=int, default=1, metavar="N", help="how many there will be (default: %(default)s)")
    parser.add_argument("--metric", help="after the last epoch (default: the studies' headline)")
    parser.add_argument("--test", choices=("mean", "rank"), default="mean", help="the test that is planned (default: %(default)s)")
    parser.add_argument("--unpaired", action="store_true", help="plan for studies without common seeds")


def power(options: argparse.Namespace) -> int:
    """Reads the studies, and prints how many seeds of each the gap takes, by the spread of each pair, or of each study."""
    from regnet.report.samples import common_metric, samples
    from regnet.stats import SampleError
    from regnet.study.labels import study_labels

    if not 0 < options.gap < inf:
        raise SampleError(f"--gap is the smallest difference that matters, above 0; got {options.gap:g}")
    if options.comparisons < 1:
        raise SampleError(f"--comparisons is 1 or more; got {options.comparisons}")
    quiet_mlflow()
    with uncollected():
        results = selected(options).results
        labels = study_labels(results)
        metric = common_metric(labels, results, options.metric)
        measure = results[0].measure(metric)
        found = [sample for sample in samples(labels, results, metric) if len(sample.seeds) > 1]
    if not found:
        raise SampleError("a spread takes a study with at least two seeds that were trained to the end")
    spreads = list(_pairs(found, unpaired=options.unpaired)) or list(_alone(found))
    for spread in spreads:
        print(_line(spread, measure, options))
    return 0


class _Spread(NamedTuple):
    """A standard deviation that a plan is made with."""

    what: str
    """What it is of, in words."""
    std: float
    n: int
    overlap: float
    paired: bool


def _pairs(found: Sequence[Sample], *, unpaired: bool) -> Iterator[_Spread]:
    """Yield the spread of the differences of each pair of studies with common seeds."""
    for first, second in () if unpaired else combinations(found, 2):
        common = first.by_seed.keys() & second.by_seed.keys()
        if len(common) > 1 and first.data == second.data:
            differences = [first.by_seed[seed] - second.by_seed[seed] for seed in common]
            yield _Spread(f"{first.name!r} and {second.name!r}, by seed", stdev(differences), len(common), first.overlap, True)


def _alone(found: Sequence[Sample]) -> Iterator[_Spread]:
    """Yield the spread of each study, for studies without common seeds."""
    for sample in found:
        what = f"studies without common seeds that vary as {sample.name!r}"
        yield _Spread(what, stdev(sample.by_seed.values()), len(sample.seeds), sample.overlap, False)


def _line(spread: _Spread, measure: Measure, options: argparse.Namespace) -> str:
    from regnet.stats.planning import gap_for_seeds, seeds_for_gap, upper_spread

    start = f"{spread.what} (standard deviation {measure.gap(spread.std)}, from {spread.n} seeds)"
    if spread.std == 0:
        return f"{start}: without any spread, nothing can be planned"
    gap = options.gap / measure.scale
    given = {"test": options.test, "paired": spread.paired, "alpha": ALPHA / options.comparisons}
    given |= {"power": options.power, "overlap": spread.overlap}
    seeds, safe = (seeds_for_gap(each, gap, **given) for each in (spread.std, upper_spread(spread.std, spread.n - 1)))
    if seeds is None:
        return f"{start}: no number of seeds finds a gap of {measure.gap(gap)} with a power of {options.power:g}"
    now = gap_for_seeds(spread.std, spread.n, **given)
    known = f"{spread.n} seeds find {measure.gap(now)}" if isfinite(now) else f"{spread.n} seeds can show nothing by this test"
    more = "no number is enough" if safe is None else f"{safe} are enough"
    found = (
        f"{start}: a gap of {measure.gap(gap)} takes {seeds} seeds of each for a power of {options.power:g}; {known}; and if the "
        f"true spread is larger, as it is by more than this in one of five such samples, {more}"
    )
    return found + _sequential(spread, gap, seeds, options)


def _sequential(spread: _Spread, gap: float, seeds: int, options: argparse.Namespace) -> str:
    """Say how many seeds ``seeds=auto`` would take on average; empty where it would not be used."""
    from regnet.launch_folder.looks import schedule
    from regnet.stats.planning import expect
    from regnet.stats.sequential import Plan

    if not spread.paired or options.test != "mean" or not 2 <= (most := ceil(MORE * seeds)) <= MOST or options.power <= 0.5:
        return ""
    plan = Plan(schedule(most), gap, ALPHA, options.power, options.comparisons, spending="linear")
    apart, equal = (expect(plan, spread.std, difference, overlap=spread.overlap) for difference in (gap, 0.0))
    return (
        f"; seeds=auto max_seeds={most} takes {apart.seeds:.0f} on average and shows it with probability {apart.shown:.2f}, or "
        f"takes {equal.seeds:.0f} if there is no difference"
    )
