"""Real patient data, for regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regnet.builtin.datasets.bundled import Bundled


@dataclass(frozen=True)
class Diabetes(Bundled):
    """442 patients with ten measurements each, to predict the progress of the disease after a year (25 to 346).

    The data are scikit-learn's copy. Source: Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of
    Statistics 2004.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    source: ClassVar[str] = "diabetes"
    target: ClassVar[str] = "progression"
