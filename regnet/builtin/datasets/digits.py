"""Real handwritten digits in ten classes, small enough to train on in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import torch
from annotated_types import Interval
from torch import Tensor

from regnet.builtin.datasets.splitting import split_at_random
from regnet.contracts import Dataset, Splits


@dataclass(frozen=True)
class Digits(Dataset):
    """1,797 images of 8×8 pixels from 0 to 16, of ten classes; scikit-learn's copy.

    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.

    Args:
        test_share: the share of the images for testing, above 0 and below 1.
        redraw: whether the split is regenerated for every seed; if false, all seeds share one split.
    """

    test_share: Annotated[float, Interval(gt=0, lt=1)] = 0.2
    redraw: bool = True

    def load(self, generator: torch.Generator) -> Splits:
        x, y, classes = _read()
        return split_at_random(x, y, self.test_share, classes, generator)


@cache  # reading the file takes as long as training a seed for two epochs
def _read() -> tuple[Tensor, Tensor, int]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.from_numpy(bunch.data).float(), torch.from_numpy(bunch.target).long(), len(bunch.target_names)
