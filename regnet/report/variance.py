"""The sources of randomness of a study, from studies in which some of them take other values: their shares in the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from regnet.errors import ConfigError
from regnet.report.samples import common_metric, samples
from regnet.stats import Measure, Sample, SampleError
from regnet.stats.outlying import far
from regnet.stats.variance_shares import FEWEST, VarianceShares, variance_shares
from regnet.study.identity import study_identity
from regnet.study.labels import differences
from regnet.study.population import IN_WORDS
from regnet.study.result import StudyResult

if TYPE_CHECKING:
    from regnet.rng import Source, Streams

STREAMS: Final = "streams"
"""The setting in which the studies differ."""
SOURCES_IN_WORDS: Final[dict[Source, str]] = {"data": "the examples", "split": "the split of the examples", **IN_WORDS}
BASE: Final = "the first study"


@dataclass(frozen=True)
class Sources:
    """The shares of a study's sources of randomness in the variance of a metric."""

    sources: tuple[Source, ...]
    """The sources that vary, ``(k,)``."""
    found: VarianceShares
    """Their shares, in the same order."""
    metric: str
    title: str
    """The metric in words."""
    measure: Measure
    data_set: str
    population: str
    """What the runs vary in, and what the metric is measured on, in a sentence."""
    seeds: tuple[int, ...]
    """The seeds with a value in every study."""
    left_out: dict[int, str]
    """Each other seed, with the reason."""
    studies: int
    unusual: Unusual | None

    @property
    def names(self) -> tuple[str, ...]:
        """The sources in words, ``(k,)``."""
        return tuple(SOURCES_IN_WORDS[source] for source in self.sources)


@dataclass(frozen=True)
class Unusual:
    """Runs that learned nothing, or ended far from the rest, on which most of a variance may depend."""

    runs: int
    seeds: tuple[int, ...]
    """The seeds of these runs, in any of the studies."""
    without: VarianceShares | None
    """The shares without these seeds; None if too few are left, or the others do not vary."""


def assess_sources(results: Sequence[StudyResult], metric: str | None = None) -> Sources:
    """Find how much of the variance of the headline, or of a metric, is due to each source, from studies that differ in streams.

    Raises:
        ConfigError: the studies differ in something else, or not in each source alone and in all but each, or nothing varies.
        SampleError: fewer than three seeds have a value in every study, or the values do not vary.
    """
    _refuse_other_settings(results)
    results = sorted(results, key=lambda result: sum(_shifts(result).values()))
    sources = _varying(results[0])
    others = _others(results, sources)
    labels = [_label(sources, row) for row in others]
    metric = common_metric(labels, results, metric)
    found = samples(labels, results, metric)
    seeds = tuple(seed for seed in found[0].seeds if all(seed in sample.by_seed for sample in found))
    left_out = {seed: f"{reason}, in {sample.name}" for sample in found for seed, reason in sample.lacking.items()}
    left_out |= {seed: "not every study has it" for sample in found for seed in sample.seeds if seed not in {*seeds, *left_out}}
    if len(seeds) < FEWEST:
        seed = next(iter(left_out), None)
        why = "" if seed is None else f" ({len(left_out)} are left out; the first, seed {seed}: {left_out[seed]})"
        raise SampleError(f"shares of the variance take at least {FEWEST} seeds that every study has; there are {len(seeds)}{why}")
    values = np.array([[sample.by_seed[seed] for seed in seeds] for sample in found])
    first = results[0]
    return Sources(
        sources,
        variance_shares(values, others),
        metric,
        first.describe_metric(metric),
        first.measure(metric),
        str(first.config["dataset"]["name"]),
        found[0].population,
        seeds,
        dict(sorted(left_out.items())),
        len(results),
        _unusual(found, seeds, values, others),
    )


def _refuse_other_settings(results: Sequence[StudyResult]) -> None:
    """Refuse studies that differ in another setting than the streams."""
    rest = {
        study_identity({key: value for key, value in result.config.items() if key != STREAMS}, result.content) for result in results
    }
    if len(rest) > 1:
        named = sorted({name for options in differences([result.config for result in results]) for name in options})
        others = [name for name in named if not name.startswith(f"{STREAMS}.")] or ["the content of the data set's files"]
        raise ConfigError(
            f"the studies differ in {', '.join(others[:3])}: the sources of randomness are those of one study, whose runs "
            "`regnet variance` trains"
        )


def _streams(result: StudyResult) -> Streams:
    from regnet.rng import Streams

    return Streams(**result.config.get(STREAMS, {}))


def _shifts(result: StudyResult) -> dict[Source, int]:
    """Return how far each source that varies is shifted against the seed."""
    from regnet.rng import SOURCES

    streams = _streams(result)
    return {source: streams.seed_of(source, 0) for source in SOURCES if streams.varies(source)}


def _varying(result: StudyResult) -> tuple[Source, ...]:
    """Return the sources that vary from run to run and have an influence."""
    if result.population is None:
        raise ConfigError(f"it is not known what the runs of {result.name!r} vary in: train the study again")
    if not result.population.sources:
        raise ConfigError("nothing varies from run to run, since every source of randomness is fixed or has no influence")
    return result.population.sources


def _others(results: Sequence[StudyResult], sources: Sequence[Source]) -> np.ndarray:
    """Return whether each study takes other values of each source than the first, ``(m, k)``."""
    shifts = [_shifts(result) for result in results]
    seeds = [seed for result in results for seed in result.seeds]
    for source in sources:
        if not all(source in shift for shift in shifts):
            raise ConfigError(
                f"streams.{source} is fixed in some studies and varies in others: `regnet variance` trains fitting ones"
            )
        values = sorted({shift[source] for shift in shifts})
        if len(values) > 2:
            raise ConfigError(f"streams.{source} is shifted in {len(values)} ways: `regnet variance` trains fitting studies")
        shift, apart = values[-1] - values[0], max(seeds) - min(seeds)
        if 0 < shift <= apart:
            raise ConfigError(
                f"streams.{source} is shifted by {shift}, and the seeds lie {apart} apart, so that runs of different seeds share "
                "it: shift it by more"
            )
    found = np.array([[shift[source] != shifts[0][source] for source in sources] for shift in shifts])
    _require_pairs(found, sources)
    return found


def _require_pairs(others: np.ndarray, sources: Sequence[Source]) -> None:
    """Check that there are two studies that differ in each source alone, and two that differ in all others."""
    differing = {tuple(first ^ second) for first in others for second in others}
    for index, source in enumerate(sources if len(sources) > 1 else ()):
        alone = np.arange(len(sources)) == index
        if not {tuple(alone), tuple(~alone)} <= differing:
            raise ConfigError(
                f"there are no two studies that differ in streams.{source} alone, and two that differ in all sources but it: "
                "`regnet variance` trains them"
            )


def _label(sources: Sequence[Source], others: np.ndarray) -> str:
    """Return a study's name in messages, by the sources that are other ones than in the first study."""
    named = ", ".join(source for source, other in zip(sources, others, strict=True) if other)
    return f"the study with other {named}" if named else BASE


def _unusual(found: Sequence[Sample], seeds: Sequence[int], values: np.ndarray, others: np.ndarray) -> Unusual | None:
    """Return the runs that learned nothing or are far from all others; None if there are none, or more than half."""
    marked = np.zeros(values.shape, dtype=bool)
    marked.flat[far(values.ravel())] = True
    marked |= np.array([[seed in sample.unlearned for seed in seeds] for sample in found])
    if not 0 < marked.sum() < marked.size / 2:
        return None
    kept = ~marked.any(axis=0)
    try:
        without = variance_shares(values[:, kept], others)
    except SampleError:  # too few seeds are left, or they do not vary
        without = None
    return Unusual(int(marked.sum()), tuple(np.array(seeds)[~kept].tolist()), without)
