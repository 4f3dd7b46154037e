"""What comes out of a study: the history of every metric for every seed, the time it took, and the trained networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from regnet.stats.measure import Measure

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from regnet.data.prepare import Data
    from regnet.network.sequential import Sequential


SPLITS = ("train", "validation", "test")
"""What is measured on."""


@dataclass(frozen=True)
class TrainedNetwork:
    """The network of one seed after training."""

    network: Sequential
    seed: int
    weights: Mapping[str, Tensor] = field(repr=False)
    """Parameters and buffers by dotted name, such as ``0.weight``."""
    data: Data = field(repr=False)
    """The examples it was trained on and is judged by; also how inputs are normalized and outputs decoded."""

    def output(self, x: Tensor) -> Tensor:
        """What the network gives, ``(N, K)``, for inputs ``(N, F)`` in the data set's own units."""
        import torch  # results are read and compared without it

        from regnet.contracts import Context
        from regnet.network.parameters import ParameterStore
        from regnet.rng import Noise

        start, _ = self.network.init(x.shape[-1], torch.Generator())
        store = ParameterStore([start], replica_axis=False, dtype=self.data.shift.dtype, device=torch.device("cpu"))
        store.load(self.weights)
        context = Context(training=False, noise=Noise([self.seed], replica_axis=False))
        with torch.inference_mode():
            return self.network.forward(store.tree, self.data.normalize(x.to(self.data.shift.dtype)), context)[0]

    def predict(self, x: Tensor) -> Tensor:
        """Class numbers ``(N,)``, or values ``(N, K)`` in their own units, for inputs ``(N, F)`` in the data set's own units."""
        return self.data.targets.decode(self.output(x))


@dataclass(frozen=True)
class StudyResult:
    """The outcome of a study, or of some of its seeds."""

    name: str
    identity: str
    """The study's hash: see `regnet.study.identity`."""
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    history: Mapping[str, np.ndarray]
    """For each metric, such as ``test/error_rate``, an array ``(R, E)``: a row for each seed, a column for each epoch."""
    together: np.ndarray
    """How many seeds were trained in one program with each seed, ``(R,)``: 1 where it was trained alone."""
    seconds: np.ndarray
    """How long that program trained, evaluation left out, ``(R,)``, in seconds of wall time."""
    failures: Mapping[int, str]
    """For each seed that diverged, how: its metrics are not a number from that epoch on."""
    stopped: Mapping[int, int] = field(default_factory=dict)
    """For each seed that a plugin ended early, after which epoch: its metrics keep their last values from there on."""
    networks: tuple[TrainedNetwork, ...] = ()
    """One for each seed, as long as the result is in memory; none when read back from a store."""
    machine: str = ""
    """The machine and the versions that the time was measured with."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """How to read the values of each metric, by its name without the split."""
    headline: str = ""
    """The metric by which the study is compared with others, such as ``test/error_rate``."""

    def measure(self, metric: str) -> Measure:
        """How to read the values of a metric such as ``test/error_rate``; of one that is not known, as they are."""
        name = metric.split("/")[1] if "/" in metric else metric
        return self.measures.get(name) or Measure(title=name)

    def describe_metric(self, metric: str) -> str:
        """A metric such as ``test/error_rate`` in words: ``test error rate``."""
        split, _, _ = metric.partition("/")
        return f"{split} {self.measure(metric).title}"

    @property
    def solo(self) -> bool:
        """Whether every seed was trained alone, so that its time is its own."""
        return bool((self.together == 1).all())

    @property
    def seconds_per_run(self) -> np.ndarray:
        """The program's time divided among its seeds, ``(R,)``."""
        return np.asarray(self.seconds / self.together)

    @property
    def network(self) -> TrainedNetwork:
        """The first seed's trained network."""
        return self.networks[0]

    @property
    def final(self) -> pd.DataFrame:
        """The metrics after the last epoch, the time and the failure if any: a row for each seed."""
        import pandas as pd

        columns: dict[str, Any] = {metric: values[:, -1] for metric, values in self.history.items()}
        columns |= {"together": self.together, "seconds": self.seconds, "seconds_per_run": self.seconds_per_run}
        columns["failure"] = [self.failures.get(seed) for seed in self.seeds]
        return pd.DataFrame(columns, index=pd.Index(self.seeds, name="seed"))

    @property
    def succeeded(self) -> pd.DataFrame:
        """The rows of `final` of the seeds that did not fail."""
        final = self.final
        return final[final["failure"].isna()]

    def of(self, seed: int) -> StudyResult:
        """The part that belongs to one seed, with arrays of one row."""
        row = self.seeds.index(seed)
        return replace(
            self,
            seeds=(seed,),
            history={metric: values[row : row + 1] for metric, values in self.history.items()},
            together=self.together[row : row + 1],
            seconds=self.seconds[row : row + 1],
            failures={key: reason for key, reason in self.failures.items() if key == seed},
            stopped={key: epoch for key, epoch in self.stopped.items() if key == seed},
            networks=self.networks[row : row + 1],
        )


def join(parts: list[StudyResult]) -> StudyResult:
    """The parts of one study as a whole, in the order given.

    A part that is shorter than others, since all its seeds diverged or were stopped, is filled up with its last values, which
    are not a number for a seed that diverged.
    """
    epochs = max(values.shape[1] for part in parts for values in part.history.values())

    def full(values: np.ndarray) -> np.ndarray:
        return np.pad(values, ((0, 0), (0, epochs - values.shape[1])), mode="edge")

    return replace(
        parts[0],
        seeds=tuple(seed for part in parts for seed in part.seeds),
        history={metric: np.concatenate([full(part.history[metric]) for part in parts]) for metric in parts[0].history},
        together=np.concatenate([part.together for part in parts]),
        seconds=np.concatenate([part.seconds for part in parts]),
        failures={seed: reason for part in parts for seed, reason in part.failures.items()},
        stopped={seed: epoch for part in parts for seed, epoch in part.stopped.items()},
        networks=tuple(network for part in parts for network in part.networks),
    )


def by_study(parts: Iterable[StudyResult]) -> list[StudyResult]:
    """Results put together by study, in the order in which each study first comes: twenty jobs of a seed each are one study.

    A seed that comes twice in one study is the same run again: the first is kept.
    """
    studies: dict[str, list[StudyResult]] = {}
    for part in parts:
        known = studies.setdefault(part.identity, [])
        taken = {seed for other in known for seed in other.seeds}
        known.extend(part.of(seed) for seed in part.seeds if seed not in taken)
    return [join(sorted(group, key=lambda one: one.seeds)) for group in studies.values()]
