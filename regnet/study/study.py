"""A study: one configuration, repeated with many seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

import torch

from regnet.contracts import Coding, Dataset, Loss, Metric, Optimizer
from regnet.data.prepare import Normalization, sources_of
from regnet.encoding import well_formed
from regnet.network.sequential import Sequential
from regnet.registry.discovery import Provenance
from regnet.rng import OWN, Streams
from regnet.stats.measure import LOSS, UNBOUNDED, Measure, name_of
from regnet.study.identity import study_identity
from regnet.study.population import Population

Replicas: TypeAlias = Literal["lockstep", "solo"]
"""Whether the seeds of a study are trained together along a replica axis, or one after another."""


@dataclass(frozen=True)
class Study:
    """Everything that determines the numbers of a study's runs, as built components, and the config they were built from."""

    network: Sequential
    features: int
    """The number of features of the data set's inputs."""
    examples: tuple[int, int]
    """The numbers of training and test examples."""
    dataset: Dataset
    loss: Loss
    optimizer: Optimizer
    engine: str
    replay: bool
    """Whether the hand-built engine records its training step and replays it: see `regnet.engines.recording`."""
    seeds: tuple[int, ...]
    replicas: Replicas
    epochs: int
    """The number of passes over the training examples, the last of which `max_steps` may end."""
    max_steps: int | None
    batch_size: int
    drop_last: bool
    """Whether the last batch is left out if it is smaller than the others."""
    shuffle: bool
    validation: float
    """The share of the training examples that is set aside for validation."""
    normalization: Normalization
    coding: Coding
    metrics: Mapping[str, Metric]
    """The metrics besides the loss, by their names in the history."""
    headline: str
    """The metric by which studies are compared, with its split: ``test/error_rate``."""
    dtype: torch.dtype
    device: torch.device
    threads: int
    workers: int
    """The largest number of processes that train the seeds; 0 for the number of cores."""
    config: Mapping[str, Any]
    """The composed configuration: plain mappings, lists, numbers and strings."""
    origins: tuple[Provenance, ...] = ()
    """The distributions whose components are used."""
    content: str = ""
    """A hash of the files that a user gave for the data set; empty if there are none."""
    notes: tuple[str, ...] = ()
    """What a user should know, in lines: what the examples are made from, and what is seldom meant."""
    automatic: tuple[str, ...] = ()
    """The settings that were `auto`, by dotted name; the configuration has their values."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The plugins' settings, by name: see the hook `regnet_settings`."""
    streams: Streams = OWN
    """Which seed each source of randomness takes."""
    population: Population | None = None
    """What the runs vary in; None for a study that was not assembled from a configuration."""

    def examples_key(self, seed: int) -> tuple[int, ...]:
        """Return the seeds that the examples of a run depend on: runs with the same key have the same examples."""
        return tuple(self.streams.seed_of(source, seed) for source in sources_of(self.dataset, self.validation))

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The seeds that are trained together: all of them in lockstep, else each alone."""
        return (self.seeds,) if self.replicas == "lockstep" else tuple((seed,) for seed in self.seeds)

    @property
    def name(self) -> str:
        """The study's name in tables: the config's `study`, or the components' names."""
        given = self.config.get("study")
        if given:
            return well_formed(str(given))
        parts = [str(self.config.get(kind, {}).get("name", "?")) for kind in ("engine", "dataset", "loss", "optimizer")]
        return " · ".join(parts)

    @property
    def measures(self) -> dict[str, Measure]:
        """How to read the values of each metric, the loss included."""
        return {"loss": LOSS} | {name: measure_of(metric) for name, metric in self.metrics.items()}

    def measure(self, metric: str) -> Measure:
        """Return how to read the values of a metric such as ``test/f1``; a metric that is not measured is shown unscaled."""
        return self.measures.get(name_of(metric), UNBOUNDED)

    @property
    def identity(self) -> str:
        """A hash of the configuration without the seeds, and of its files: equal for the runs of one study, wherever started."""
        return study_identity(self.config, self.content)


def measure_of(metric: Metric) -> Measure:
    """Return how to read a metric's values, from its class attributes."""
    return Measure(**{field.name: getattr(metric, field.name) for field in fields(Measure)})
