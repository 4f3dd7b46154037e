"""The rules of a comparison. Set them before looking at the values: rules chosen afterwards bias the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from regnet.stats.sample import SampleError

Test = Literal["mean", "rank"]
"""What is tested: whether the means differ (Student's paired t, Welch's t), or whether one sample tends to be smaller, for any
distribution (Wilcoxon's signed ranks, Mann and Whitney's U)."""

Design = Literal["by_seed", "unpaired"]
"""`by_seed` pairs two samples that have seeds in common; `unpaired` treats any two as independent."""

Incomplete = Literal["refuse", "drop", "worst"]
"""What to do with seeds that failed, or that only one of two paired samples has. `drop` leaves them out; `worst` counts a failed
seed as the worst possible value, and leaves out seeds that only one of the two samples has."""


@dataclass(frozen=True)
class Rules:
    """How samples are compared.

    Raises:
        SampleError: the level is not between 0 and 1.
    """

    test: Test = "mean"
    design: Design = "by_seed"
    incomplete: Incomplete = "refuse"
    level: float = 0.95
    """Of the intervals; 1 - level is the largest probability that a family of comparisons shows any difference if there is none."""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise SampleError(f"the level of an interval lies between 0 and 1, such as 0.95; got {self.level:g}")

    @property
    def alpha(self) -> float:
        """The accepted probability of a false difference: 1 - level."""
        return 1 - self.level


USUAL = Rules()
