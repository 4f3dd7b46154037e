"""The judgement on a launch's studies: those measured on the same data are compared, those that cannot be are named, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regnet.report.assessment import Assessment, assess
from regnet.report.launch_info import Material
from regnet.report.samples import samples
from regnet.stats import Sample, SampleError

RESAMPLING = 0
"""The seed of the bootstrap's resamples: the same runs give the same report."""
FAILED = "is not compared, since some of its seeds failed: {}; `regnet compare --incomplete drop`, or `worst`, takes it in"


@dataclass(frozen=True)
class Judgement:
    """What the comparisons came to."""

    assessments: tuple[tuple[str, Assessment], ...]
    """One for each data set that several studies were measured on, by its name with its options."""
    notes: tuple[str, ...]
    """Which studies were not compared, and why."""


def judge(material: Material, metric: str) -> Judgement:
    """Compares the studies by a metric that all of them have."""
    every = samples(material.names, material.results, metric)
    notes = [f"{sample.name!r} {FAILED.format(_failures(sample))}" for sample in every if sample.failures]
    groups: dict[str, list[int]] = {}
    for place, sample in enumerate(every):
        if not sample.failures:
            groups.setdefault(sample.data, []).append(place)
    found = []
    for data, places in groups.items():
        if len(places) > 1:
            try:
                found.append((data, assess(material.of(places).results, np.random.default_rng(RESAMPLING), metric)))
            except SampleError as error:
                notes.append(str(error))
        elif len(every) > 1:
            notes.append(f"{every[places[0]].name!r} is not compared: no other complete study was measured on {data}")
    return Judgement(tuple(found), tuple(notes))


def _failures(sample: Sample) -> str:
    seed, reason = next(iter(sample.failures.items()))
    more = f" (and {len(sample.failures) - 1} more)" if len(sample.failures) > 1 else ""
    return f"seed {seed} {reason}{more}"
