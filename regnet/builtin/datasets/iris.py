"""Real flowers, the best known small table for classification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regnet.builtin.datasets.bundled import Bundled


@dataclass(frozen=True)
class Iris(Bundled):
    """150 flowers with four lengths and widths each, of three species; scikit-learn's copy.

    Source: Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 1936.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    source: ClassVar[str] = "iris"
    target: ClassVar[str] = "species"
