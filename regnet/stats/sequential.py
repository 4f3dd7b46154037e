"""Sequential comparison: add seeds until a difference is shown or excluded, with no more errors than a test of a fixed number.

A schedule fixes the numbers of seeds at which the values are looked at, such as 5, 10, 20 and 40. Testing at 0.05 at each of them
would show a difference where there is none in 15 % of all comparisons. Here the looks share the 0.05: p must reach a level of its
own at each (`spending.looks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import stdtrit

from regnet.stats.difference import Difference, difference
from regnet.stats.interval import Interval
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.pairing import Matched
from regnet.stats.rules import Test
from regnet.stats.sample import SampleError
from regnet.stats.spending import Spending, looks

Outcome = Literal["decided", "equal", "futile", "continue", "undecided"]
"""What a look shows. `decided`: a difference; `equal`: that it is smaller than the gap that matters; `futile`: that such a gap
would have been found with the plan's power; `continue`: none of these; `undecided`: none of these at the last look."""


@dataclass(frozen=True)
class Plan:
    """When to look and what to find. Set it before looking at the values, as all rules.

    Raises:
        SampleError: as `looks`; the gap is not positive; the power is not between 0.5 and 1.
    """

    schedule: tuple[int, ...]
    """The total number of seeds of each study at each look, ``(K,)``."""
    gap: float | None = None
    """The smallest difference that matters, in the metric's units; without it, no look stops because there is none."""
    alpha: float = 0.05
    """The accepted probability that a family of comparisons shows any difference if there is none."""
    power: float = 0.8
    """1 - power is the largest probability that a comparison ends as equal or futile if the difference is as large as the gap."""
    family: int = 1
    """The number of comparisons."""
    test: Test = "mean"
    """`rank` is held to the same levels, and its intervals are those of the mean."""
    paired: bool = True
    spending: Spending = "obrien_fleming"

    def __post_init__(self) -> None:
        if self.gap is not None and not self.gap > 0:
            raise SampleError(f"the smallest gap that matters is positive; got {self.gap:g}")
        if not 0.5 < self.power < 1:
            raise SampleError(f"the power lies between 0.5 and 1, such as 0.8; got {self.power:g}")
        self.levels()

    def levels(self, shown: int = 0) -> tuple[float, ...]:
        """Return the levels of the looks ``(K,)`` when `shown` comparisons of the family have shown a difference."""
        return looks(self.schedule, self.alpha, family=self.family - shown, spending=self.spending, paired=self.paired)

    def futility_levels(self) -> tuple[float, ...]:
        """Return the levels ``(K,)`` of the intervals that exclude the gap: they share ``2 (1 - power)``, half for each side."""
        return looks(self.schedule, 2 * (1 - self.power), spending=self.spending, paired=self.paired)


@dataclass(frozen=True)
class Decision:
    """What a look shows for two studies."""

    outcome: Outcome
    p: float | None
    """Of the values seen so far; None if there is no test."""
    level: float
    """What p must reach: corrected for the looks and for the family."""
    interval: Interval | None
    """The repeated interval of first minus second: with its level's probability it covers the true difference at all looks. So it
    holds whenever a comparison stops, whereas the difference that is seen then is too large on average."""
    better: Literal["first", "second"] | None = None
    """The study that is shown to be better."""


def decide(matched: Matched, plan: Plan, look: int, measure: Measure = UNBOUNDED, *, shown: int = 0) -> Decision:
    """Decide how to continue with two studies, from all values seen so far.

    The gap is excluded if the interval at the look's futility level lies between -gap and gap. A comparison may continue all the
    same: the levels do not count on a stop. If no difference varies, the gap is futile at most, since the spread is not known.

    Args:
        matched: the values of both studies up to this look.
        plan: the same at all looks.
        look: the index of this look in the schedule, from 0.
        measure: which direction is better.
        shown: how many other comparisons of the family have shown a difference.

    Raises:
        SampleError: the values are paired and the plan is not, or the other way round.
    """
    return _decide(_found(matched, plan), plan, look, measure, shown)


def decide_family(
    pairs: Sequence[Matched], plan: Plan, look: int, measure: Measure = UNBOUNDED, *, shown: int = 0
) -> list[Decision]:
    """Decide how to continue with those comparisons of a family that are still open, by Holm's procedure at each look.

    Each difference that is shown, now or before, relaxes the levels of the other comparisons to those of a smaller family. One that
    stopped without a difference keeps its share.

    Args:
        pairs: the values of the open comparisons up to this look.
        plan: the same at all looks; its family counts all comparisons.
        look: the index of this look in the schedule, from 0.
        measure: which direction is better.
        shown: how many comparisons of the family have shown a difference at the looks before.

    Raises:
        SampleError: there are more comparisons than in the plan's family; as `decide`.

    Source: Maurer and Bretz, "Multiple testing in group sequential trials using graphical approaches", Stat. Biopharm. Res. 5
    (2013).
    """
    if len(pairs) + shown > plan.family:
        raise SampleError(f"the plan is for {plan.family} comparisons; got {len(pairs)} that are open and {shown} shown before")
    found = [_found(matched, plan) for matched in pairs]
    for p in sorted(each.p for each in found if each.p is not None):
        if shown < plan.family - 1 and p <= plan.levels(shown)[look]:
            shown += 1
    return [_decide(each, plan, look, measure, shown) for each in found]


def repeated_interval(found: Difference, level: float, coverage: float) -> Interval | None:
    """Return the interval of a difference at a look's level, ``mean ± t(ν, 1 - level / 2) s``; None if a sample has a single value.

    Source: Jennison and Turnbull, "Interim analyses: the repeated confidence interval approach", J. R. Statist. Soc. B 51 (1989).
    """
    if found.freedom == 0:
        return None
    reach = -float(stdtrit(found.freedom, level / 2)) * found.standard_error
    return Interval(found.means.value - reach, found.means.value + reach, coverage)


def _found(matched: Matched, plan: Plan) -> Difference:
    if matched.paired != plan.paired:
        names = ("paired", "unpaired") if plan.paired else ("unpaired", "paired")
        raise SampleError(
            f"the plan is for {names[0]} values, and these are {names[1]}: its levels and its last look do not fit them"
        )
    return difference(matched, plan.test)


def _decide(found: Difference, plan: Plan, look: int, measure: Measure, shown: int) -> Decision:
    level = plan.levels(shown)[look]
    interval = repeated_interval(found, plan.levels()[look], 1 - plan.alpha / plan.family)
    if found.p is not None and found.p <= level:
        first = (found.leaning < 0) == measure.smaller_is_better
        return Decision("decided", found.p, level, interval, "first" if first else "second")
    if plan.gap is not None and _within(repeated_interval(found, plan.futility_levels()[look], 2 * plan.power - 1), plan.gap):
        return Decision("equal" if found.varies and _within(interval, plan.gap) else "futile", found.p, level, interval)
    return Decision("continue" if look + 1 < len(plan.schedule) else "undecided", found.p, level, interval)


def _within(interval: Interval | None, gap: float) -> bool:
    return interval is not None and -gap < interval.low and interval.high < gap
