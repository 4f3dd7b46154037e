"""Simulations of `regnet compare` as a whole: how seldom it calls any two of k equal learners different, and joint coverage.

A share may differ by three standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from regnet.report.assessment import compare_samples
from regnet.stats import Comparison, Estimate, Rules, Sample
from regnet.stats.measure import UNBOUNDED
from regnet.stats.rules import Design, Test
from tests.stats.test_coverage import allowed

pytestmark = pytest.mark.slow

EXAMPLES, TESTED = 400, 80
OVERLAP = TESTED / (EXAMPLES - TESTED)
TRIALS = {"mean": 200, "rank": 60}
ALPHA = 0.05
LEARNERS = (2, 5, 10)
"""More than 6 are compared with the best alone."""

Population = Callable[[np.random.Generator, int, int, bool], np.ndarray]
"""Returns the test errors of k equal learners with n seeds, ``(k, n)``, with or without the same examples for the same seed."""


@pytest.fixture(autouse=True)
def _only_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long and has no influence on p, the better study and the intervals of differences."""
    monkeypatch.setattr("regnet.stats.comparison.power", lambda *_: None)
    monkeypatch.setattr("regnet.stats.comparison.hedges_g", lambda *_, **__: None)
    monkeypatch.setattr("regnet.stats.comparison.probability_below", lambda *_, **__: Estimate(0.5, None))


def errors(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the errors of the nearest mean of one feature on the first examples, ``(S, F)``, by ``(S, N, F)`` and ``(S, N)``."""
    seen, classes = x[:, TESTED:], y[:, TESTED:, None]
    ones = classes.sum(1)
    middle = ((seen * classes).sum(1) / ones + (seen * (1 - classes)).sum(1) / (classes.shape[1] - ones)) / 2
    return np.asarray(((x[:, :TESTED] > middle[:, None]) != y[:, :TESTED, None]).mean(1))


def examples(rng: np.random.Generator, sets: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sets of examples of two classes, in which every feature is as useful as any other."""
    y = rng.integers(0, 2, (sets, EXAMPLES))
    return y[..., None] + rng.normal(0, 1, (sets, EXAMPLES, features)), y


def draws(rng: np.random.Generator, k: int, n: int, paired: bool) -> np.ndarray:
    """New examples for every seed; each learner uses a feature of its own."""
    if paired:
        return errors(*examples(rng, n, k)).T
    return errors(*examples(rng, k * n, 1)).reshape(k, n)


def splits(rng: np.random.Generator, k: int, n: int, paired: bool) -> np.ndarray:
    """Splits of one pool, on which each learner uses a feature of its own."""
    x, y = (values[0] for values in examples(rng, 1, k))
    if paired:
        order = rng.permuted(np.tile(np.arange(EXAMPLES), (n, 1)), axis=1)
        return errors(x[order], y[order]).T
    order = rng.permuted(np.tile(np.arange(EXAMPLES), (k, n, 1)), axis=2)
    return np.stack([errors(x[own][..., [index]], y[own])[:, 0] for index, own in enumerate(order)])


def fixed(rng: np.random.Generator, k: int, n: int, paired: bool) -> np.ndarray:
    """The same examples for all runs, of which each trains on a random half, with random weights of eight features."""
    x, y = (values[0] for values in examples(rng, 1, 8))
    train = rng.permuted(np.tile(np.arange(TESTED, EXAMPLES), (1 if paired else k, n, 1)), axis=2)[..., : (EXAMPLES - TESTED) // 2]
    order = np.concatenate([np.tile(np.arange(TESTED), (*train.shape[:2], 1)), train], axis=2)
    weights = np.abs(rng.normal(size=(k, n, 8)))
    shown = np.broadcast_to(order, (k, n, order.shape[2])).reshape(k * n, -1)
    projected = np.einsum("snf,sf->sn", x[shown], weights.reshape(k * n, 8))
    return errors(projected[..., None], y[shown]).reshape(k, n)


def compared(values: np.ndarray, population: Population, rules: Rules) -> list[Comparison]:
    overlap = OVERLAP if population is splits else 0.0
    studies = [Sample(str(i), range(len(row)), row, overlap=overlap, fixed=population is fixed) for i, row in enumerate(values)]
    return compare_samples(studies, UNBOUNDED, rules)


def held(pairs: Sequence[Comparison], means: Sequence[float]) -> bool:
    """Whether all intervals contain the true differences; one that a shown difference cuts at 0 does not contain 0."""

    def contains(pair: Comparison) -> bool:
        interval = pair.difference.means.interval
        truth = means[int(pair.first)] - means[int(pair.second)]
        return interval is not None and truth in interval and not (truth == 0 and pair.better and pair.rules.test == "mean")

    return all(map(contains, pairs))


@pytest.mark.parametrize("n", [5, 20])
@pytest.mark.parametrize("design", ["by_seed", "unpaired"])
@pytest.mark.parametrize(
    ("population", "test"), [(draws, "mean"), (draws, "rank"), (splits, "mean"), (fixed, "mean"), (fixed, "rank")]
)
def test_equal_learners(population: Population, test: Test, design: Design, n: int) -> None:
    """Any two are called different in at most 5 of 100 comparisons, and all intervals cover 0 in at least 95."""
    rng, rules, trials = np.random.default_rng(n), Rules(test=test, design=design), TRIALS[test]
    learners = LEARNERS[:1] if test == "rank" and n == 5 else LEARNERS  # of more, the least possible p of 5 seeds shows nothing
    wrong, covered = np.zeros(len(learners)), np.zeros(len(learners))
    for _ in range(trials):
        values = population(rng, max(learners), n, design == "by_seed")
        for index, k in enumerate(learners):
            pairs = compared(values[:k], population, rules)
            wrong[index] += any(pair.better for pair in pairs)
            covered[index] += held(pairs, [0.0] * k)
    assert (wrong / trials <= ALPHA + allowed(ALPHA, trials)).all()
    assert (covered / trials >= 1 - ALPHA - allowed(ALPHA, trials)).all()


def test_equal_learners_without_the_corrections() -> None:
    """Without Holm's correction or that for a shared pool, these simulations would show it."""
    rng, n, k = np.random.default_rng(0), 20, 5
    uncorrected, shared, trials = 0, 0, TRIALS["mean"]
    for _ in range(trials):
        uncorrected += any((pair.difference.p or 1) < ALPHA for pair in compared(draws(rng, k, n, True), draws, Rules()))
        shared += any(pair.better for pair in compared(splits(rng, k, n, True), draws, Rules()))
    assert uncorrected / trials > ALPHA + allowed(ALPHA, trials)
    assert shared / trials > ALPHA + allowed(ALPHA, trials)


@pytest.mark.parametrize("k", LEARNERS)
@pytest.mark.parametrize("design", ["by_seed", "unpaired"])
def test_simultaneous_intervals_of_different_learners(design: Design, k: int) -> None:
    """Half of them are equal, and the others differ by steps that 10 seeds find sometimes."""
    rng, n = np.random.default_rng(k), 10
    means = np.maximum(np.arange(k) - k // 2 + 1, 0) * 0.8
    covered, found, trials = 0, 0, TRIALS["mean"]
    for _ in range(trials):
        pairs = compared(means[:, None] + rng.normal(size=(k, n)), draws, Rules(design=design))
        covered += held(pairs, means.tolist())
        found += any(pair.better for pair in pairs)
    assert covered / trials >= 1 - ALPHA - allowed(ALPHA, trials)
    assert found > 0
