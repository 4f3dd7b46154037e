"""The settings of a run that belong to no component: seeds, epochs, batches, device and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal, NamedTuple

from annotated_types import Ge, Interval, MinLen

from regnet.contracts import Coding, Metric
from regnet.data.prepare import Normalization
from regnet.errors import ConfigError
from regnet.registry.limits import check_count
from regnet.rng import Streams

GROUPS = ("model", "dataset", "loss", "optimizer", "engine", "tracking")
"""The other part of the configuration: the choices, each with its own options."""

OWN_SETTINGS: Final[Mapping[str, type]] = MappingProxyType({"streams": Streams})
"""Settings with a group of options of their own, as a plugin may add them, too; a study's configuration always has these."""

Seed = Annotated[int, Interval(ge=0, lt=2**63)]


class Chosen(NamedTuple):
    """The settings that may be auto, when they are known."""

    epochs: int
    batch_size: int
    shuffle: bool
    normalization: Normalization


@dataclass(frozen=True)
class Settings:
    """The top level of the configuration. Settings that are auto depend on the data: see `regnet.config.automatic`.

    Args:
        seed: the first seed.
        seeds: the number of seeds, counted from `seed`; or a list of seeds, for which `seed` is ignored; or auto, for a sweep that
            trains 5, 10, 20, 40 and so on, until it is shown how its studies differ: see `gap`, `power` and `max_seeds`.
        replicas: train the seeds in lockstep along a replica axis, or solo, one at a time; auto is lockstep if the engine
            supports it.
        epochs: the number of passes over the training examples; auto is 200, as in the paper, or 70 for values.
        max_steps: the number of steps, in place of `epochs`: the same for a data set of any size.
        batch_size: the number of examples in each step; auto is 10 for the disc, as in the paper, and else 32, or 256 of many.
        drop_last: whether the last batch of an epoch is left out if it is smaller than the others; with shuffle, other examples are
            left out in every epoch.
        shuffle: whether each epoch takes the examples in a new order; auto is false for the disc, as in the paper, and else true.
        validation: the share of the training examples to set aside, at random, for choosing models; the paper has none.
        normalization: how inputs are scaled: by one mean and deviation (scalar), by those of each feature (feature), or not
            (none); auto is scalar for the disc, as in the paper, and else feature.
        coding: how targets are encoded for the loss; auto is what the loss prefers.
        metrics: the metrics of predictions, besides the loss; by default error_rate for classes, and rmse and r2 for values.
        headline: the metric for comparing studies, choosing best runs and leading sweepers, such as f1 or validation/f1; by
            default the first of `metrics` on the test examples. Sweepers that optimize get it on the validation examples, unless
            its split is given.
        dtype: the type of all numbers in training.
        device: the device to train on.
        replay: whether the hand-built engine records a training step and replays it, which gives the same numbers faster; if
            false, every step runs the components' own code, which helps to find a mistake in it.
        workers: the largest number of processes that train one study's seeds; fewer are used for little work; 0 is the number
            of cores.
        threads: the number of threads in one tensor operation; 0 is torch's default.
        study: the name of the study in tables; by default the names of its components.
        report: the output at the end: printed tables, or also a page with figures, which takes seconds. Besides a page for any
            studies, there are pages for the paper's figures, for its Table I, and for what explains the gap in that table.
        plugins: the plugins to use, as in REGNET_PLUGINS: ``-name`` switches one off, names allow only those, and a ``.py`` file
            is loaded as well. Read before any plugin is imported, and therefore from overrides only.
    """

    seed: Seed = 0
    seeds: Literal["auto"] | Annotated[int, Ge(1)] | Annotated[list[Seed], MinLen(1)] = 1
    replicas: Literal["auto", "lockstep", "solo"] = "auto"
    epochs: Literal["auto"] | Annotated[int, Ge(1)] = "auto"
    max_steps: Annotated[int, Ge(1)] | None = None
    batch_size: Literal["auto"] | Annotated[int, Ge(1)] = "auto"
    drop_last: bool = False
    shuffle: Literal["auto"] | bool = "auto"
    validation: Annotated[float, Interval(ge=0, lt=1)] = 0.0
    normalization: Literal["auto"] | Normalization = "auto"
    coding: Literal["auto"] | Coding = "auto"
    metrics: Sequence[Metric] | None = None
    headline: str | None = None
    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["cpu", "cuda"] = "cpu"
    replay: bool = True
    workers: Annotated[int, Interval(ge=0, le=1024)] = 0
    threads: Annotated[int, Interval(ge=0, le=1024)] = 1
    study: str | None = None
    report: Literal["none", "table", "page", "figures", "table1", "attribution"] = "table"
    plugins: str | list[str] | None = None

    @property
    def chosen(self) -> Chosen:
        """The settings that may be auto; none of them is."""
        assert self.epochs != "auto"
        assert self.batch_size != "auto"
        assert self.shuffle != "auto"
        assert self.normalization != "auto"
        return Chosen(self.epochs, self.batch_size, self.shuffle, self.normalization)

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds to train; if `seeds` is auto, the first of them: how many there are is known to the launch.

        Raises:
            ConfigError: there are too many seeds, one is too large, or one is listed twice; a repeated seed is the same run, not
                another sample.
        """
        if not isinstance(self.seeds, list):
            number = 1 if self.seeds == "auto" else self.seeds
            check_count(f"seeds={number}", number)
            if self.seed + number > 2**63:
                raise ConfigError(f"seed={self.seed} and seeds={self.seeds}: the last seed would be above 2**63 - 1")
            return tuple(range(self.seed, self.seed + number))
        twice = sorted({seed for seed in self.seeds if self.seeds.count(seed) > 1})
        if twice:
            raise ConfigError(f"seeds names {twice} more than once: the same seed again is the same run, not another sample")
        return tuple(self.seeds)
