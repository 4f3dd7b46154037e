"""Pairing: which values of two samples belong together, and how seeds that only one sample has are treated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from regnet.stats.measure import Measure
from regnet.stats.rules import Rules
from regnet.stats.sample import Sample, SampleError
from regnet.stats.summary import independent, without_rounding
from regnet.stats.wording import listed

MOST_NAMED = 6
"""The most seeds that a sentence names."""


@dataclass(frozen=True)
class Matched:
    """The values of two samples, ready to compare."""

    first: np.ndarray
    """``(n,)``"""
    second: np.ndarray
    """``(m,)``; where paired ``(n,)``, of the same seeds in the same order."""
    paired: bool
    notes: tuple[str, ...]
    """How missing seeds were treated."""
    overlap: float = 0.0
    """The correction for runs that share examples: see `Sample.overlap`."""

    @property
    def differences(self) -> np.ndarray:
        """First minus second: by seed ``(n,)`` if paired, else of every pair ``(n, m)``; 0 where they differ by rounding alone."""
        return without_rounding((self.first if self.paired else self.first[:, None]) - self.second, self.scale)

    @property
    def scale(self) -> float:
        """The largest size of a value."""
        return float(max(np.abs(self.first).max(), np.abs(self.second).max()))

    @property
    def sizes(self) -> tuple[int, int]:
        """The number of values in the first and in the second sample."""
        return len(self.first), len(self.second)

    @property
    def independent(self) -> tuple[float, float]:
        """How many independent values have means as uncertain as those of each sample."""
        n, m = self.sizes
        return independent(n, self.overlap), independent(m, self.overlap)


def match(first: Sample, second: Sample, measure: Measure, rules: Rules) -> Matched:
    """Pair two samples by seed if they share any: whatever the seed fixes is the same in both, so it adds no noise.

    Raises:
        SampleError: a sample has no values; the two are of different data, and the rules do not say that they are unpaired; a seed
            failed, and the rules refuse that, or the metric has no worst value.
    """
    if rules.incomplete == "worst":
        first, second = (sample.with_worst(measure.worst) for sample in (first, second))
    first.require_some()
    second.require_some()
    seeds = [{*sample.seeds, *sample.lacking} for sample in (first, second)]
    paired = rules.design == "by_seed" and not seeds[0].isdisjoint(seeds[1])
    failed = [f"{_seeds(sample.failures)} of {sample.name!r} failed" for sample in (first, second) if sample.failures]
    alone = [f"{_seeds(seeds[0] ^ seeds[1])} only one of the two has"] if paired and seeds[0] != seeds[1] else []
    undefined = [f"{_seeds(sample.undefined)} of {sample.name!r} undefined" for sample in (first, second) if sample.undefined]
    unfinished = [f"{_seeds(sample.unfinished)} of {sample.name!r} unfinished" for sample in (first, second) if sample.unfinished]
    _refuse(first, second, rules, failed + unfinished)
    left, right = first.by_seed, second.by_seed
    if paired:
        common = sorted(left.keys() & right.keys())
        if not common:
            raise SampleError(f"{first.name!r} against {second.name!r}: no seed was trained to the end in both")
        left, right = ({seed: values[seed] for seed in common} for values in (left, right))
    counted = [sample for sample in (first, second) if sample.worst]
    worst = [f"{_seeds(sample.worst)} of {sample.name!r} failed: counted as the worst value" for sample in counted]
    notes = (*worst, *(f"{text}: left out" for text in failed + undefined + unfinished + alone))
    return Matched(_array(left), _array(right), paired, notes, max(first.overlap, second.overlap))


def _refuse(first: Sample, second: Sample, rules: Rules, missing: list[str]) -> None:
    """Raise SampleError if the rules do not allow comparing two samples."""
    if first.data != second.data and rules.design == "by_seed":
        raise SampleError(
            f"{first.name!r} was measured on {first.data!r}, {second.name!r} on {second.data!r}: a difference may come from the "
            "data alone; compare studies of the same data, say that these are unpaired, or use `regnet rank`"
        )
    if missing and rules.incomplete == "refuse":
        raise SampleError(
            f"{first.name!r} against {second.name!r}: {'; '.join(missing)}. Run what is missing, or say what to do about "
            "it: 'drop' continues without those seeds, 'worst' counts a failed one as the worst value there is"
        )


def _array(values: Mapping[int, float]) -> np.ndarray:
    return np.array(list(values.values()))


def _seeds(seeds: Iterable[int]) -> str:
    """Return the seeds in words; of many only the first few."""
    numbers = sorted(seeds)
    return f"{'seed' if len(numbers) == 1 else 'seeds'} {listed(numbers, MOST_NAMED)}"
