"""The rules of a comparison, to be set before looking at the values: choosing them afterwards finds whatever one looks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from regnet.stats.sample import SampleError

Test = Literal["mean", "rank"]
"""What is tested: whether the means differ (Student's paired t, Welch's t), or whether one tends to be the smaller, whatever the
distribution (Wilcoxon's signed ranks, Mann and Whitney's U)."""

Design = Literal["by_seed", "unpaired"]
"""`by_seed` pairs two samples that have seeds in common; `unpaired` takes any two as independent."""

Incomplete = Literal["refuse", "drop", "worst"]
"""What to do where seeds failed, or only one of two paired samples has them. `drop` goes on without them; `worst` counts a failed
seed as the worst value there is, and goes on without those that one of the two never had."""


@dataclass(frozen=True)
class Rules:
    """How samples are compared.

    Raises:
        SampleError: the level is no share.
    """

    test: Test = "mean"
    design: Design = "by_seed"
    incomplete: Incomplete = "refuse"
    level: float = 0.95
    """Of the intervals; one minus it is how often, at most, a family of comparisons shows any difference where there is none."""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise SampleError(f"the level of an interval lies between 0 and 1, such as 0.95; got {self.level:g}")

    @property
    def alpha(self) -> float:
        """The chance of being wrong that is put up with: one minus the level."""
        return 1 - self.level


USUAL = Rules()
