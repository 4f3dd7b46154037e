"""Real wines: a small table whose columns have very different scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regnet.builtin.datasets.bundled import Bundled


@dataclass(frozen=True)
class Wine(Bundled):
    """178 wines with 13 chemical measurements each, of three cultivars; scikit-learn's copy.

    Source: Aeberhard and Forina, "Wine", UCI Machine Learning Repository, 1992.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    source: ClassVar[str] = "wine"
    target: ClassVar[str] = "cultivar"
