"""The judgement on a launch's studies: comparisons of those measured on the same data, and why others are not compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regnet.report.assessment import Assessment, assess
from regnet.report.launch_info import Material
from regnet.report.samples import samples
from regnet.stats import Sample, SampleError

RESAMPLING = 0
"""The seed of the bootstrap's resamples, so that the same runs give the same report."""
FAILED = "is not compared, since some of its seeds failed: {}; `regnet compare --incomplete drop`, or `worst`, takes it in"


@dataclass(frozen=True)
class Judgement:
    """The results of the comparisons."""

    assessments: tuple[tuple[str, Assessment], ...]
    """For each data set that several studies were measured on, its name with its options, and their assessment."""
    notes: tuple[str, ...]
    """Which studies were not compared, and why."""


def judge(material: Material, metric: str) -> Judgement:
    """Compare the studies by a metric that all of them have."""
    all_samples = samples(material.names, material.results, metric)
    notes = [f"{sample.name!r} {FAILED.format(_failures(sample))}" for sample in all_samples if sample.failures]
    groups: dict[str, list[int]] = {}
    for index, sample in enumerate(all_samples):
        if not sample.failures:
            groups.setdefault(sample.data, []).append(index)
    found = []
    for data, indices in groups.items():
        if len(indices) > 1:
            try:
                found.append((data, assess(material.of(indices).results, np.random.default_rng(RESAMPLING), metric)))
            except SampleError as error:
                notes.append(str(error))
        elif len(all_samples) > 1:
            notes.append(f"{all_samples[indices[0]].name!r} is not compared: no other complete study was measured on {data}")
    return Judgement(tuple(found), tuple(notes))


def _failures(sample: Sample) -> str:
    seed, reason = next(iter(sample.failures.items()))
    more = f" (and {len(sample.failures) - 1} more)" if len(sample.failures) > 1 else ""
    return f"seed {seed} {reason}{more}"
