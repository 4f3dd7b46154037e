"""Real tumours in two classes of different sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regnet.builtin.datasets.bundled import Bundled


@dataclass(frozen=True)
class BreastCancer(Bundled):
    """569 tumours with 30 measurements each, malignant or benign; scikit-learn's copy.

    Source: Wolberg, Mangasarian, Street and Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning Repository, 1995.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    source: ClassVar[str] = "breast_cancer"
    target: ClassVar[str] = "diagnosis"
