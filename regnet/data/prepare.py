"""From a data set to tensors ready to train on: loaded for each seed, normalized, coded and stacked along the replica axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from regnet.contracts import Coding, Dataset, Schema, Split, Splits
from regnet.data.form import check_form
from regnet.data.sampling import SampledDataset, Sampling
from regnet.data.targets import Targets, fit_targets
from regnet.errors import ConfigError, TargetError
from regnet.rng import OWN, Source, Streams, stream

Normalization: TypeAlias = Literal["scalar", "feature", "none"]
"""How inputs are scaled: by one mean and one standard deviation of all training inputs (as in the paper), by one of each for every
feature, or not at all."""

SHARED_SEED = 0
"""The seed of the examples of every run, if they are the same for every seed."""


@dataclass(frozen=True)
class Examples:
    """The examples of one split, ready to train or evaluate on."""

    x: Tensor
    """Normalized inputs ``(*R, N, F)``."""
    target: Tensor
    """Coded targets: ``(*R, N, K)``, or ``(*R, N)`` for class indices."""
    y: Tensor
    """The targets as loaded from the data set: class numbers ``(*R, N)`` or values ``(*R, N, K)``."""


@dataclass(frozen=True)
class Data:
    """The examples of one seed, or of many with a replica axis in front."""

    train: Examples
    test: Examples
    validation: Examples | None
    """The validation examples; None if none were set aside."""
    targets: Targets
    shift: Tensor
    """What normalization subtracts from the inputs, ``(*R, 1, 1)`` or ``(*R, 1, F)``."""
    scale: Tensor
    """What normalization divides by, of the same shape."""
    schema: Schema | None = None
    """What the inputs and the target mean; None if they are no columns of a table, or for many seeds, each of which has its own."""

    def normalize(self, x: Tensor) -> Tensor:
        """Normalize inputs ``(N, F)`` in the data set's units; the result is ``(*R, N, F)``, of the type of the training inputs."""
        return ((x.to(self.shift.dtype) - self.shift) / self.scale).to(self.train.x.dtype)

    def to(self, device: torch.device) -> Data:
        """Return the same data on another device."""

        def examples(part: Examples) -> Examples:
            return Examples(part.x.to(device), part.target.to(device), part.y.to(device))

        targets = replace(self.targets, offset=self.targets.offset.to(device), scale=self.targets.scale.to(device))
        return Data(
            examples(self.train),
            examples(self.test),
            examples(self.validation) if self.validation else None,
            targets,
            self.shift.to(device),
            self.scale.to(device),
            self.schema,
        )


def sources_of(dataset: Dataset, validation: float) -> tuple[Source, ...]:
    """Return the sources of randomness that determine the examples of a run, of the data and of their division."""
    sampling = dataset.sampling if isinstance(dataset, SampledDataset) else Sampling()
    drawn = dataset.variation == "draws" or sampling.label_noise > 0
    divided = dataset.variation == "splits" or sampling.train_size is not None or validation > 0
    return (*(("data",) if drawn else ()), *(("split",) if divided else ()))


def load_examples(dataset: Dataset, validation: float, seed: int, streams: Streams = OWN) -> tuple[Splits, Split | None]:
    """Load the examples of one seed, in the data set's units, and set a share of the training examples aside for validation.

    Raises:
        DataError: what the data set returns does not have the form of its contract.
        ConfigError: it has fewer training examples than were asked for, or none would be left to train on.
    """
    splits = load_splits(dataset, seed, streams)
    return set_aside(splits, validation, streams.seed_of("split", seed))


def load_splits(dataset: Dataset, seed: int, streams: Streams = OWN) -> Splits:
    """Load the examples of one seed, in the data set's units.

    Raises:
        DataError: what the data set returns does not have the form of its contract.
        ConfigError: it has fewer training examples than were asked for.
    """
    data, split = (streams.seed_of(source, seed) for source in ("data", "split"))
    loaded_for = {"draws": data, "splits": split, "fixed": SHARED_SEED}[dataset.variation]
    splits = dataset.load(stream(loaded_for, "data"))
    if not isinstance(dataset, SampledDataset):
        check_form(dataset, splits)
        return splits
    check_form(dataset.dataset, splits)
    return dataset.sampling.apply(splits, data=data, split=split)


def set_aside(splits: Splits, share: float, seed: int) -> tuple[Splits, Split | None]:
    """Take a random share of the training examples out of the splits for validation; return both, None for a share of 0.

    Raises:
        ConfigError: nothing would be left to train on.
    """
    if share == 0:
        return splits, None
    count = len(splits.train.x)
    kept = count - max(1, round(count * share))
    if kept < 1:
        raise ConfigError(f"validation={share} leaves none of the {count} training examples: take a smaller share")
    order = torch.randperm(count, generator=stream(seed, "validation"))

    def part(rows: Tensor) -> Split:
        return Split(splits.train.x[rows], splits.train.y[rows])

    return replace(splits, train=part(order[:kept].sort().values)), part(order[kept:])


def prepare(
    splits: Splits, normalization: Normalization, coding: Coding, dtype: torch.dtype, validation: Split | None = None
) -> Data:
    """Normalize and code one seed's examples, with statistics of the training examples.

    Numbers that the data set gives in double precision are shifted and scaled in it: a time in seconds since 1970, or another large
    number whose differences matter, has no room in single precision.

    Raises:
        TargetError: a class number is below 0, or not below the number of classes.
    """
    if splits.classes is not None:
        _check_classes(torch.cat([splits.train.y, splits.test.y]), splits.classes)
    shift, scale = _fit_normalization(_at_least(splits.train.x, dtype), normalization)
    targets = fit_targets(coding, _at_least(splits.train.y, dtype), splits.classes)

    def examples(x: Tensor, y: Tensor) -> Examples:
        target = targets.encode(_at_least(y, dtype))
        scaled = (_at_least(x, dtype) - shift) / scale
        return Examples(scaled.to(dtype), target.to(dtype) if target.is_floating_point() else target, y)

    train = examples(splits.train.x, splits.train.y)
    test = examples(splits.test.x, splits.test.y)
    set_aside = examples(validation.x, validation.y) if validation else None
    return Data(train, test, set_aside, targets, shift, scale, splits.schema)


def stack(data: Sequence[Data]) -> Data:
    """Stack the data of several seeds along a new replica axis in front."""

    def examples(parts: Sequence[Examples]) -> Examples:
        return Examples(
            torch.stack([part.x for part in parts]),
            torch.stack([part.target for part in parts]),
            torch.stack([part.y for part in parts]),
        )

    first = data[0].targets
    validation = [each.validation for each in data if each.validation]
    return Data(
        examples([each.train for each in data]),
        examples([each.test for each in data]),
        examples(validation) if validation else None,
        Targets(
            first.coding,
            first.width,
            torch.stack([each.targets.offset for each in data]),
            torch.stack([each.targets.scale for each in data]),
        ),
        torch.stack([each.shift for each in data]),
        torch.stack([each.scale for each in data]),
    )


def _at_least(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Floating-point numbers in the more precise of their own type and the training's."""
    return values.to(torch.promote_types(values.dtype, dtype)) if values.is_floating_point() else values


def _check_classes(y: Tensor, classes: int) -> None:
    wrong = y[(y < 0) | (y >= classes)]
    if len(wrong):
        raise TargetError(f"the data set has class number {int(wrong[0])}, expected numbers from 0 to {classes - 1}")


def _fit_normalization(x: Tensor, normalization: Normalization) -> tuple[Tensor, Tensor]:
    match normalization:
        case "scalar":
            shift, scale = x.mean().view(1, 1), x.std().view(1, 1)
        case "feature":
            shift, scale = x.mean(-2, keepdim=True), x.std(-2, keepdim=True)
        case "none":
            shift, scale = x.new_zeros(1, 1), x.new_ones(1, 1)
    return shift, torch.where(scale > 0, scale, 1.0)
