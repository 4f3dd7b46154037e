"""Statistics over seeds: estimates for one configuration with their uncertainty, and comparisons of several.

The unit is the run: one seed, one value. All functions are pure; those that draw random numbers take a generator.

Offers `summary`, `description`, `profile`, `skewness`, `outlying` and `unusual` (one sample), `comparison` (several; `holm`
corrects p), `difference`, `effect_size`, `equivalence`, `improvement` and `power` (two), `planning` (seeds for a gap), `sequential`
and `spending` (as many seeds as it takes), `over_data` and `rank_tests` (many data sets), `factorial`, `variance_shares` (of
sources of randomness), `measure` (how to read a metric), `verdict` and `wording`.

May import errors.
"""

from __future__ import annotations

from regnet.stats.bootstrap import bootstrap_interval
from regnet.stats.comparison import Comparison, compare, compare_with_baseline, compare_with_best
from regnet.stats.description import Description, describe
from regnet.stats.factorial import Effect, factorial_effects, paired_effect
from regnet.stats.interval import Estimate, Interval
from regnet.stats.measure import Measure
from regnet.stats.rules import Rules
from regnet.stats.sample import Sample, SampleError
from regnet.stats.summary import Summary, from_moments, summarize
from regnet.stats.verdict import verdict

__all__ = [
    "Comparison",
    "Description",
    "Effect",
    "Estimate",
    "Interval",
    "Measure",
    "Rules",
    "Sample",
    "SampleError",
    "Summary",
    "bootstrap_interval",
    "compare",
    "compare_with_baseline",
    "compare_with_best",
    "describe",
    "factorial_effects",
    "from_moments",
    "paired_effect",
    "summarize",
    "verdict",
]
