"""Real handwritten digits in ten classes, small enough to train on in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from regnet.builtin.datasets.bundled import Bundled


@dataclass(frozen=True)
class Digits(Bundled):
    """1,797 images of 8×8 pixels from 0 to 16, of ten classes; scikit-learn's copy.

    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.

    Args:
        test_share: the share of the examples for testing, above 0 and below 1. Each class has about that share.
        fold: the fold for testing instead of a share, counted from 0: ``-m dataset.fold=0,1,2,3,4`` tests on each.
        folds: the number of folds.
    """

    source: ClassVar[str] = "digits"
    target: ClassVar[str] = "digit"
