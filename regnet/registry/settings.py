"""The settings of a run that belong to no component: which seeds, how long, in which batches, on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Interval, MinLen

from regnet.contracts import Coding, Metric
from regnet.data.prepare import Normalization
from regnet.errors import ConfigError

GROUPS = ("model", "dataset", "loss", "optimizer", "engine", "tracking")
"""The other part of the configuration: the choices, each with options of its own."""

Seed = Annotated[int, Interval(ge=0, lt=2**63)]


@dataclass(frozen=True)
class Settings:
    """The top level of the configuration, with the paper's values as defaults.

    Args:
        seed: the first seed.
        seeds: how many seeds follow from it, itself included; or a list of seeds, which then stand for themselves.
        replicas: train the seeds in lockstep along a replica axis, or solo, one after another; auto is lockstep where the
            engine can.
        epochs: how often to go through the training examples.
        batch_size: examples for each step.
        shuffle: whether each epoch takes the examples in a new order.
        validation: the share of the training examples that is set aside, at random, to choose models by; the paper has none.
        normalization: inputs scaled by one mean and deviation (scalar), by those of each feature (feature), or not (none).
        coding: how targets are written for the loss; auto is what the loss prefers.
        metrics: what predictions are judged by, besides the loss; by default error_rate for classes, and rmse and r2 for values.
        headline: the metric by which studies are compared, best runs chosen and sweepers led, such as f1 or validation/f1; by
            default the first of `metrics` on the test examples.
        dtype: the type of every number trained on and with.
        device: where to train.
        replay: whether the hand-built engine records a training step and plays it again, which gives the same numbers sooner;
            without, every step runs the components' own lines, as somebody who looks for a mistake in them wants it.
        workers: how many processes may train one study's seeds, where there are enough of them to be worth it; 0 is as many as
            there are cores.
        threads: threads inside one tensor operation; 0 leaves it to torch.
        study: what to call the study in tables; by default the names of its components.
        report: what to make of the results at the end: tables to print, or also a page with figures, which takes seconds. Beside
            a page of any studies there are the paper's figures, its Table I, and what explains the gap in it.
        plugins: which plugins to use, as in REGNET_PLUGINS: ``-name`` switches one off, names allow those alone, and a ``.py``
            file is loaded beside them. Read before any plugin is imported, and so from the overrides only.
    """

    seed: Seed = 0
    seeds: Annotated[int, Ge(1)] | Annotated[list[Seed], MinLen(1)] = 1
    replicas: Literal["auto", "lockstep", "solo"] = "auto"
    epochs: Annotated[int, Ge(1)] = 200
    batch_size: Annotated[int, Ge(1)] = 10
    shuffle: bool = False
    validation: Annotated[float, Interval(ge=0, lt=1)] = 0.0
    normalization: Normalization = "scalar"
    coding: Literal["auto"] | Coding = "auto"
    metrics: Sequence[Metric] | None = None
    headline: str | None = None
    dtype: Literal["float32", "float64"] = "float32"
    device: Literal["cpu", "cuda"] = "cpu"
    replay: bool = True
    workers: Annotated[int, Ge(0)] = 0
    threads: Annotated[int, Ge(0)] = 1
    study: str | None = None
    report: Literal["none", "table", "page", "figures", "table1", "attribution"] = "table"
    plugins: str | None = None

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds to train.

        Raises:
            ConfigError: a seed is named twice; a repeated seed is the same run, not another sample.
        """
        if isinstance(self.seeds, int):
            return tuple(range(self.seed, self.seed + self.seeds))
        twice = sorted({seed for seed in self.seeds if self.seeds.count(seed) > 1})
        if twice:
            raise ConfigError(f"seeds names {twice} more than once: the same seed again is the same run, not another sample")
        return tuple(self.seeds)
