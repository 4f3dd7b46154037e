"""A sample: one study's values of one metric, one for each seed, and the seeds that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from regnet.errors import RegnetError


class SampleError(RegnetError):
    """The samples cannot be used as asked: a seed appears twice, too many seeds failed, or two samples are of different data."""


@dataclass(frozen=True)
class Sample:
    """A study's values of a metric, one for each seed. The epochs of a run are no sample, and neither is a seed run twice.

    Raises:
        SampleError: the values are not one finite number for each seed, or a seed appears twice.
    """

    name: str
    """The study's name."""
    seeds: Sequence[int]
    """The seeds that were trained to the end, ``(n,)``."""
    values: Sequence[float] | np.ndarray
    """Their values, ``(n,)``, in the same order."""
    failures: Mapping[int, str] = field(default_factory=dict)
    """The seeds that failed, each with the reason."""
    data: str = ""
    """What the values were measured on; only samples of the same data are paired by seed."""
    unfinished: Mapping[int, str] = field(default_factory=dict)
    """The seeds that may still get a value, each with its state: running, abandoned, or missing."""
    undefined: Sequence[int] = ()
    """The seeds for which the metric is undefined, such as R² of equal targets."""
    overlap: float = 0.0
    """The correction for runs whose examples are splits of one pool, so that two runs share many: the number of examples that are
    measured on, divided by that of the others. A mean over n runs has the variance ``s² (1/n + overlap)``; with ``s² / n``, two
    equal learners would be called different in 40 of 100 comparisons of 20 seeds. 0 for runs on examples of their own.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52 (2003)."""
    population: str = ""
    """What the runs vary in, in words."""
    unlearned: Mapping[int, str] = field(default_factory=dict)
    """Why each seed whose network learned nothing has not; such seeds have values, too."""
    worst: Mapping[int, str] = field(default_factory=dict)
    """The seeds that failed, each with the reason, and count as the worst value: see `with_worst`."""
    fixed: bool = False
    """Whether all runs have the same examples, so that nothing is said about others."""

    def __post_init__(self) -> None:
        shape = np.shape(self.values)
        if shape != (len(self.seeds),):
            raise SampleError(
                f"study {self.name!r}: expected a value for each of its {len(self.seeds)} seeds, got values of shape {shape}; "
                "the epochs of a run are not samples: give each seed's last value"
            )
        twice = [seed for seed, count in Counter((*self.seeds, *self.lacking)).items() if count > 1]
        if twice:
            raise SampleError(
                f"study {self.name!r}: seed {twice[0]} is there more than once; the same seed gives the same run, "
                "which adds no information: give each seed once"
            )
        lost = [seed for seed, value in zip(self.seeds, self.values, strict=True) if not np.isfinite(value)]
        if lost:
            raise SampleError(
                f"study {self.name!r}: seed {lost[0]} has no finite value; give it among the failures, with the reason"
            )

    @property
    def lacking(self) -> dict[int, str]:
        """The seeds without a value: those that failed, that are unfinished, or for which the metric is undefined."""
        return {**self.failures, **self.unfinished, **dict.fromkeys(self.undefined, "the metric is undefined")}

    @property
    def by_seed(self) -> dict[int, float]:
        """Each seed's value."""
        return {seed: float(value) for seed, value in zip(self.seeds, self.values, strict=True)}

    def with_worst(self, worst: float) -> Sample:
        """Return the same with failed seeds counted as the worst value of the metric.

        Raises:
            SampleError: the metric has no worst value.
        """
        if not self.failures:
            return self
        if not isfinite(worst):
            raise SampleError(f"study {self.name!r}: failed seeds cannot count as the worst value, since the metric has none")
        values = dict(sorted((self.by_seed | dict.fromkeys(self.failures, worst)).items()))
        return replace(self, seeds=list(values), values=list(values.values()), failures={}, worst=self.failures)

    def require_some(self) -> None:
        """Check that there is at least one value.

        Raises:
            SampleError: every seed failed, or there are no seeds.
        """
        if len(self.seeds) == 0:
            reason = next(iter(self.lacking.values()), None)
            kind = "failed" if self.failures else "are unfinished" if self.unfinished else "have no value"
            why = f"all {len(self.lacking)} seeds {kind} (the first: {reason})" if self.lacking else "it has no seeds"
            raise SampleError(f"study {self.name!r}: {why}, so there is nothing to judge it by")
