"""Fewer training examples, or wrong labels among them, for any data set: for learning curves and robustness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge, Interval
from torch import Tensor

from regnet.contracts import Dataset, Split, Splits, Variation
from regnet.errors import ConfigError
from regnet.rng import stream


@dataclass(frozen=True)
class Sampling:
    """What is done to the training examples of any data set, as options of the data set that it does not have itself.

    Args:
        train_size: the number of training examples, or the share of them, at random; a smaller size has a part of a larger one's.
        label_noise: the share of training examples with a class drawn from the others; for values, the deviation of the noise
            that is added to them, in deviations of the training values.
    """

    train_size: Annotated[int, Ge(1)] | Annotated[float, Interval(gt=0, lt=1)] | None = None
    label_noise: Annotated[float, Interval(ge=0, le=1)] = 0.0

    def apply(self, splits: Splits, *, data: int, split: int) -> Splits:
        """The splits with other training examples; those for testing are the same.

        Args:
            splits: all examples.
            data: the seed of the wrong labels.
            split: the seed of the choice of training examples.

        Raises:
            ConfigError: there are fewer training examples.
        """
        train = splits.train
        if self.train_size is not None:
            rows = torch.randperm(len(train.x), generator=stream(split, "train_size"))[: self._count(len(train.x))].sort().values
            train = Split(train.x[rows], train.y[rows])
        if self.label_noise:
            train = Split(train.x, self._noisy(train.y, splits.classes, stream(data, "label_noise")))
        return replace(splits, train=train)

    def _count(self, available: int) -> int:
        size = self.train_size
        assert size is not None
        count = size if isinstance(size, int) else max(1, round(size * available))
        if count > available:
            raise ConfigError(f"dataset.train_size={count}, and there are {available} training examples")
        return count

    def _noisy(self, y: Tensor, classes: int | None, generator: torch.Generator) -> Tensor:
        if classes is None:
            noise = torch.randn(y.shape, generator=generator, dtype=torch.float64)
            return (y + self.label_noise * y.double().std(0, keepdim=True).nan_to_num() * noise).to(y.dtype)
        rows = torch.randperm(len(y), generator=generator)[: round(self.label_noise * len(y))]
        y = y.clone()
        if classes > 1:
            y[rows] = (y[rows] + torch.randint(1, classes, rows.shape, generator=generator)) % classes
        return y


@dataclass(frozen=True)
class SampledDataset(Dataset):
    """A data set whose training examples are sampled."""

    dataset: Dataset
    sampling: Sampling

    @property
    def variation(self) -> Variation:  # type: ignore[override]
        return self.dataset.variation

    @property
    def recommended(self) -> Mapping[str, Any]:  # type: ignore[override]
        return self.dataset.recommended

    def load(self, generator: torch.Generator) -> Splits:
        return self.dataset.load(generator)

    def files(self) -> Sequence[Path]:
        return self.dataset.files()

    def describe(self) -> Sequence[str]:
        return self.dataset.describe()

    def label(self, x: Tensor) -> Tensor | None:
        return self.dataset.label(x)
