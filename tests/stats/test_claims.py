"""Simulations of what is claimed about a mean and about the gaps that are found, or of the warning that replaces the claim.

A share may differ by three standard errors. A dead network is a run with an error rate of 50 % among others of about 2 %.
"""

from __future__ import annotations

import numpy as np
import pytest

from regnet.stats import Sample, describe, summarize
from regnet.stats.outlying import FEWEST, far, unseen
from regnet.stats.pairing import Matched
from regnet.stats.power import power
from regnet.stats.skewness import skewness_that_matters
from tests.stats.test_coverage import ERROR_RATES, NORMAL, Draw, allowed
from tests.stats.test_power import p_values

TRIALS = 600
CLOSE = 0.05
"""How far the shares of found and missed gaps may be from 4 in 5 and 1 in 5."""
USUAL = 0.02
few_to_many = pytest.mark.parametrize("n", [3, 5, 10, 20, 50, 100])


def with_dead(rate: float) -> Draw:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.where(rng.random(shape) < rate, rng.normal(0.5, 0.01, shape), rng.normal(USUAL, 0.004, shape))

    return draw


def log_normal(sigma: float) -> Draw:
    return lambda rng, shape: rng.lognormal(0, sigma, shape)


def share_covered(samples: np.ndarray, mean: float) -> float:
    found = [summarize(values) for values in samples]
    return float(np.mean([one.low <= mean <= one.high for one in found]))


@few_to_many
@pytest.mark.parametrize(("draw", "mean"), [(NORMAL, 1.0), (ERROR_RATES, 0.02), (log_normal(0.2), np.exp(0.02))])
def test_interval_of_a_mean(draw: Draw, mean: float, n: int) -> None:
    samples = draw(np.random.default_rng(n), (TRIALS, n))
    samples = samples[np.ptp(samples, axis=1) > 0]
    assert share_covered(samples, mean) == pytest.approx(0.95, abs=allowed(0.95, TRIALS))


@few_to_many
@pytest.mark.parametrize("rate", [0.002, 0.01, 0.02, 0.05])
def test_dead_networks_are_named_or_the_interval_is_about_the_others(rate: float, n: int) -> None:
    """The interval covers the mean of all runs in as few as 13 of 100 samples. Half of the runs are not far from the rest."""
    samples = with_dead(rate)(np.random.default_rng(n), (TRIALS, n))
    dead = samples > 0.25
    seen = dead.any(1)
    without = samples[~seen]
    assert share_covered(without, USUAL) == pytest.approx(0.95, abs=allowed(0.95, len(without)))
    if n >= FEWEST:
        some = samples[seen & (dead.sum(1) < n / 2)]
        assert all(set(np.flatnonzero(values > 0.25)) <= set(far(values)) for values in some)


@few_to_many
@pytest.mark.parametrize("draw", [NORMAL, ERROR_RATES, log_normal(0.2)])
def test_usual_runs_are_seldom_called_far(draw: Draw, n: int) -> None:
    found = np.mean([len(far(values)) > 0 for values in draw(np.random.default_rng(n), (TRIALS, n))])
    assert found <= 0.02 + allowed(0.02, TRIALS)


@few_to_many
def test_a_kind_of_run_that_is_unseen(n: int) -> None:
    """In 5 of 100 samples there is none of a kind that is as frequent as this, and in fewer of one more frequent."""
    drawn = np.random.default_rng(n).random((10 * TRIALS, n)) < unseen(n)
    assert np.mean(~drawn.any(1)) == pytest.approx(0.05, abs=allowed(0.05, 10 * TRIALS))


@pytest.mark.parametrize("n", [8, 20, 100])
def test_skewness_of_normal_values_and_of_error_rates_seldom_matters(n: int) -> None:
    rng, trials = np.random.default_rng(n), 200
    for draw, share in ((NORMAL, 0.01), (ERROR_RATES, 0.03)):
        found = np.mean([skewness_that_matters(values) is not None for values in draw(rng, (trials, n))])
        assert found <= share + allowed(share, trials)


@pytest.mark.parametrize(("n", "warned"), [(20, 0.6), (50, 0.8)])
def test_skewed_values_are_warned_of(n: int, warned: float) -> None:
    """The interval covers the mean of log-normal values with σ = 1 in 87 and 89 of 100 samples; with 10 values 30 are warned of."""
    samples = log_normal(1.0)(np.random.default_rng(n), (200, n))
    assert share_covered(samples, np.exp(0.5)) < 0.92
    found = [len(far(values)) > 0 or skewness_that_matters(values) is not None for values in samples]
    assert np.mean(found) > warned


def test_the_note_on_skewed_values() -> None:
    values = np.exp(np.linspace(-2, 2, 20))
    (note,) = describe(Sample("a", range(20), values), np.random.default_rng(0)).notes
    assert note == (
        "the values are skewed (skewness +1.3): Student's interval for the mean of such values covers it less often than in 95 %"
    )
    assert describe(Sample("a", range(20), np.log(values)), np.random.default_rng(0)).notes == ()


def test_skewness_from_unusual_runs_is_not_noted() -> None:
    """The tables name these runs."""
    values = np.append(np.linspace(0.01, 0.03, 19), 0.5)
    assert skewness_that_matters(values) is not None
    assert describe(Sample("a", range(20), values), np.random.default_rng(0)).notes == ()
    half = Sample("a", range(20), np.where(np.arange(20) < 4, 0.2, np.linspace(0.01, 0.05, 20)), unlearned={0: "dead"})
    assert skewness_that_matters(np.asarray(half.values)) is not None
    assert describe(half, np.random.default_rng(0)).notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 20, 100])
@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(
    "draw",
    [NORMAL, ERROR_RATES, log_normal(0.5), with_dead(0.002), with_dead(0.01), with_dead(0.02)],
    ids=["normal", "error rates", "log-normal", "0.2 % dead", "1 % dead", "2 % dead"],
)
def test_gaps_are_found_as_often_as_is_said_by_runs_of_the_kinds_that_are_seen(draw: Draw, paired: bool, n: int) -> None:
    """Where the sentence is printed, and in new experiments without a run far from the rest, as it says."""
    rng = np.random.default_rng(n)
    new, without = fresh_experiments(draw, rng, n, paired)
    rates: dict[str, list[float]] = {"missed": [], "found": []}
    for first, second in draw(rng, (200, 2, n)):
        said = power(matched := Matched(first, second, paired, ()), "mean", 0.05)
        assert bool(said.far) == any_far(matched)
        if said.far:
            continue
        for name, gap in (("missed", said.missed), ("found", said.found)):
            p = p_values(new[0][without] + gap, new[1][without], "mean", paired)
            rates[name].append(float((p < 0.05).mean()))
    for name, share in (("missed", 0.2), ("found", 0.8)):
        if len(rates[name]) > 1:
            error = np.std(rates[name]) / np.sqrt(len(rates[name])) + np.sqrt(share * (1 - share) / without.sum())
            assert np.mean(rates[name]) == pytest.approx(share, abs=CLOSE + 3 * error)


def fresh_experiments(draw: Draw, rng: np.random.Generator, n: int, paired: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return new experiments of two equal studies, ``(2, E, n)``, and which of them have no run far from the rest, ``(E,)``."""
    new = draw(rng, (2, 600, n))
    return new, np.array([not any_far(Matched(first, second, paired, ())) for first, second in zip(*new, strict=True)])


def any_far(matched: Matched) -> bool:
    samples = [matched.differences] if matched.paired else [matched.first, matched.second]
    return any(len(far(sample)) > 0 for sample in samples)
