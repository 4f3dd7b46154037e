"""The rules of a comparison. Set them before looking at the values: rules chosen afterwards bias the result."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from regnet.stats.sample import SampleError

Test = Literal["mean", "rank"]
"""What is tested: whether the means differ (Student's paired t, Welch's t), or whether one sample tends to be smaller, for any
distribution (Wilcoxon's signed ranks, Mann and Whitney's U)."""

Design = Literal["by_seed", "unpaired"]
"""`by_seed` pairs two samples that have seeds in common; `unpaired` treats any two as independent."""

Incomplete = Literal["refuse", "drop", "worst"]
"""What to do with seeds that failed or are unfinished. `drop` leaves them out; `worst` counts a failed seed as the worst possible
value. Seeds that were run for only one of two paired samples are always left out."""


@dataclass(frozen=True)
class Rules:
    """How samples are compared.

    Raises:
        SampleError: the level is not between 0 and 1, or the region of practical equivalence has no size.
    """

    test: Test = "mean"
    design: Design = "by_seed"
    incomplete: Incomplete = "refuse"
    rope: float | None = None
    """Half the width of the region of practical equivalence, in the unit in which differences of the metric are shown, such as
    points: differences up to this do not matter."""
    baseline: str | None = None
    """The study that every other is compared with; None for every pair or, of many studies, each with the best."""
    level: float = 0.95
    """Of the intervals; 1 - level is the largest probability that a family of comparisons shows any difference if there is none."""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise SampleError(f"the level of an interval lies between 0 and 1, such as 0.95; got {self.level:g}")
        if self.rope is not None and not 0 < self.rope < inf:
            raise SampleError(f"a region of practical equivalence has a size above 0; got {self.rope:g}")

    @property
    def alpha(self) -> float:
        """The accepted probability of a false difference: 1 - level."""
        return 1 - self.level


USUAL = Rules()
