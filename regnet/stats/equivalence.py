"""Practical equivalence: how probable it is that two studies differ by more, or by less, than matters."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import stdtr

from regnet.stats.difference import Difference


@dataclass(frozen=True)
class Equivalence:
    """The probabilities of a difference of the means, given the values; they add up to 1."""

    rope: float
    """Half the width of the region of practical equivalence, in the metric's units."""
    below: float
    """The first study's mean is smaller by more than this."""
    within: float
    """The means differ by this or less."""
    above: float
    """The first study's mean is larger by more than this."""


def equivalence(found: Difference, rope: float) -> Equivalence:
    """Return the posterior probabilities of a difference with the Bayesian correlated t test.

    With flat priors, the difference has a t distribution with the test's degrees of freedom, around the mean of the differences and
    as wide as its standard error, which is corrected for splits of one pool. Unpaired, it is Welch's t.

    Source: Benavoli, Corani, Demšar and Zaffalon, "Time for a change: a tutorial for comparing multiple classifiers through
    Bayesian analysis", JMLR 18 (2017); their package baycomp gives the same numbers.
    """
    mean, error = found.means.value, found.standard_error
    if error == 0:
        below, above = float(mean < -rope), float(mean > rope)
    else:
        below = float(stdtr(found.freedom, (-rope - mean) / error))
        above = float(stdtr(found.freedom, (mean - rope) / error))
    return Equivalence(rope, below, max(0.0, 1 - below - above), above)
