"""The result of a study: the history of every metric for every seed, the training time, and the trained networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from regnet.errors import DataError
from regnet.stats.measure import Measure, name_of
from regnet.study.population import Population

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from regnet.data.prepare import Data
    from regnet.network.sequential import Sequential


SPLITS = ("train", "validation", "test")
"""The examples that metrics are measured on."""
DIVERGED = "diverged"
"""The first word of a failure that is an outcome of the training, and not a fault."""
RUNNING, ABANDONED, MISSING = UNFINISHED = ("running", "abandoned", "missing")
"""The first words of the reasons of seeds that are neither trained to the end nor failed: a process trains them; the process that
did was killed; they were planned, and nothing is known of them."""


@dataclass(frozen=True)
class TrainedNetwork:
    """The network of one seed after training."""

    network: Sequential
    seed: int
    weights: Mapping[str, Tensor] = field(repr=False)
    """Parameters and buffers by dotted name, such as ``0.weight``."""
    data: Data = field(repr=False)
    """The training and test examples, and how inputs are normalized and outputs decoded."""

    def output(self, x: Tensor | pd.DataFrame) -> Tensor:
        """Return the network's outputs ``(N, K)`` for inputs ``(N, F)`` in the data set's units, or for the rows of a frame.

        Raises:
            DataError: the inputs have another number of features, or the frame other columns.
        """
        import torch  # not needed to read and compare results

        if not isinstance(x, torch.Tensor):
            from regnet.table.prediction import inputs_of

            x = inputs_of(x, self.data.schema)
        features = self.data.train.x.shape[-1]
        if x.dim() != 2 or x.shape[-1] != features:
            raise DataError(
                f"the inputs have shape {tuple(x.shape)}, expected (N, {features}): the network takes {features} features"
            )
        return self.forward(self.data.normalize(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's outputs ``(N, K)`` for normalized inputs ``(N, F)``, such as those of its data."""
        import torch  # not needed to read and compare results

        from regnet.contracts import Context
        from regnet.network.parameters import ParameterStore
        from regnet.rng import Noise

        start, _ = self.network.init(x.shape[-1], torch.Generator())
        dtype = self.data.train.x.dtype
        store = ParameterStore([start], replica_axis=False, dtype=dtype, device=torch.device("cpu"))
        store.load(self.weights)
        context = Context(training=False, noise=Noise([self.seed], replica_axis=False))
        with torch.inference_mode():
            return self.network.forward(store.tree, x, context)[0]

    @overload
    def predict(self, x: Tensor) -> Tensor: ...

    @overload
    def predict(self, x: pd.DataFrame) -> pd.Series[Any]: ...

    def predict(self, x: Tensor | pd.DataFrame) -> Tensor | pd.Series[Any]:
        """Return class numbers ``(N,)``, or values ``(N, K)``, for inputs ``(N, F)``, both in the data set's units.

        For a frame, return the names of the classes, or the values, of its rows. Its columns are found by name, and read as those
        of the table that the network was trained on; missing values and unknown words are replaced by the means of the training
        rows. A network that was not trained on a table takes the columns by position.

        Raises:
            DataError: the inputs have another number of features, or the frame other columns; or the outputs are not numbers, so
                that no class can be chosen.
        """
        output = self.output(x)
        unclear = output.isnan().any(-1)
        if self.data.targets.task == "classification" and unclear.any():
            row = int(unclear.nonzero()[0])
            raise DataError(f"no class for row {row} (the first is 0): the network's outputs are not numbers, as its inputs may be")
        prediction = self.data.targets.decode(output)
        import torch

        if isinstance(x, torch.Tensor):
            return prediction
        import pandas as pd

        from regnet.contracts import Schema
        from regnet.table.prediction import answers_of

        schema = self.data.schema or Schema((), "prediction")
        return pd.Series(list(answers_of(prediction, schema)), x.index, name=schema.target)


@dataclass(frozen=True)
class StudyResult:
    """The result of a study, or of some of its seeds."""

    name: str
    identity: str
    """The study's hash: see `regnet.study.identity`."""
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    history: Mapping[str, np.ndarray]
    """For each metric, such as ``test/error_rate``, an array ``(R, E)``: a row for each seed, a column for each epoch."""
    together: np.ndarray
    """The number of seeds in the program that trained each seed, ``(R,)``: 1 if it was trained alone."""
    seconds: np.ndarray
    """The wall time that this program trained, without evaluation, ``(R,)``, in seconds."""
    failures: Mapping[int, str]
    """The reason for each seed that failed. One that diverged has NaN from that epoch on, any other only NaN."""
    stopped: Mapping[int, int] = field(default_factory=dict)
    """The last epoch of each seed that a plugin stopped early; its metrics keep their last values from then on."""
    unlearned: Mapping[int, str] = field(default_factory=dict)
    """Why each seed whose network has learned nothing has not, such as that its outputs are the same for all inputs."""
    networks: tuple[TrainedNetwork, ...] = ()
    """One for each seed that was trained, while the result is in memory; empty when read from a store."""
    machine: str = ""
    """The machine and the versions with which the time was measured."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    """How to read the values of each metric, by its name without the split."""
    headline: str = ""
    """The metric by which the study is compared with others, such as ``test/error_rate``."""
    replicas: str = ""
    """``lockstep`` or ``solo``, as in the study."""
    origins: tuple[str, ...] = ()
    """The distributions whose components are used, with their versions."""
    content: str = ""
    """A hash of the files that the examples were read from; empty if there are none."""
    notes: tuple[str, ...] = ()
    """What a user should know, in lines: what the examples are made from, and what is seldom meant."""
    automatic: tuple[str, ...] = ()
    """The settings that were `auto`, by dotted name; the configuration has their values."""
    population: Population | None = None
    """What the runs vary in; None if it is not known."""

    def overlap(self, metric: str) -> float:
        """Return the correction of a metric such as ``test/error_rate`` for runs that share examples: see `Population.overlap`."""
        return self.population.overlap(metric.partition("/")[0]) if self.population else 0.0

    def measure(self, metric: str) -> Measure:
        """Return how to read the values of a metric such as ``test/error_rate``; an unknown metric is shown unscaled."""
        name = name_of(metric)
        return self.measures.get(name) or Measure(title=name)

    def describe_metric(self, metric: str) -> str:
        """Return a metric such as ``test/error_rate`` in words: ``test error rate``."""
        split, _, _ = metric.partition("/")
        return f"{split} {self.measure(metric).title}"

    @property
    def faults(self) -> dict[int, str]:
        """The seeds that failed for another reason than divergence, such as data that cannot be loaded."""
        return {seed: reason for seed, reason in self.failures.items() if not reason.startswith(DIVERGED)}

    @property
    def sequential(self) -> bool:
        """Whether the number of seeds was chosen by the values, with ``seeds=auto``."""
        return "seeds" in self.automatic

    @property
    def solo(self) -> bool:
        """Whether every seed was trained alone, so that `seconds` is the time of each run."""
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
        """The metrics after the last epoch, the time and the failure, if any, in a row for each seed."""
        import pandas as pd

        columns: dict[str, Any] = {metric: values[:, -1] for metric, values in self.history.items()}
        columns |= {"together": self.together, "seconds": self.seconds, "seconds_per_run": self.seconds_per_run}
        columns["failure"] = [self.failures.get(seed) for seed in self.seeds]
        return pd.DataFrame(columns, index=pd.Index(self.seeds, name="seed"))

    @property
    def succeeded(self) -> pd.DataFrame:
        """The rows of `final` for the seeds that did not fail."""
        final = self.final
        return final[final["failure"].isna()]

    def of(self, seed: int) -> StudyResult:
        """Return the result of one seed, with arrays of one row."""
        row = self.seeds.index(seed)
        return replace(
            self,
            seeds=(seed,),
            history={metric: values[row : row + 1] for metric, values in self.history.items()},
            together=self.together[row : row + 1],
            seconds=self.seconds[row : row + 1],
            failures={key: reason for key, reason in self.failures.items() if key == seed},
            stopped={key: epoch for key, epoch in self.stopped.items() if key == seed},
            unlearned={key: reason for key, reason in self.unlearned.items() if key == seed},
            networks=tuple(network for network in self.networks if network.seed == seed),
        )


def join(parts: list[StudyResult]) -> StudyResult:
    """Join the parts of one study, in the order given.

    A part that is shorter than others, because all its seeds diverged or were stopped, is padded with its last values, which are
    NaN for a seed that diverged.
    """
    epochs = max((values.shape[1] for part in parts for values in part.history.values()), default=0)

    def padded(values: np.ndarray) -> np.ndarray:
        return np.pad(values, ((0, 0), (0, epochs - values.shape[1])), mode="edge")

    return replace(
        parts[0],
        seeds=tuple(seed for part in parts for seed in part.seeds),
        history={metric: np.concatenate([padded(part.history[metric]) for part in parts]) for metric in parts[0].history},
        together=np.concatenate([part.together for part in parts]),
        seconds=np.concatenate([part.seconds for part in parts]),
        failures={seed: reason for part in parts for seed, reason in part.failures.items()},
        stopped={seed: epoch for part in parts for seed, epoch in part.stopped.items()},
        unlearned={seed: reason for part in parts for seed, reason in part.unlearned.items()},
        networks=tuple(network for part in parts for network in part.networks),
    )


def with_faults(parts: list[StudyResult], reasons: Mapping[int, str], seeds: Sequence[int]) -> StudyResult:
    """Join the parts of one study with the seeds that could not be trained, in the order of `seeds`."""
    lost = replace(
        parts[0],
        seeds=tuple(reasons),
        history={metric: np.full((len(reasons), 1), np.nan) for metric in parts[0].history},
        together=np.ones(len(reasons), dtype=int),
        seconds=np.full(len(reasons), np.nan),
        failures=dict(reasons),
        stopped={},
        unlearned={},
        networks=(),
    )
    rows = {seed: part for part in [*parts, lost] for seed in part.seeds}
    return join([rows[seed].of(seed) for seed in seeds])


def by_study(parts: Iterable[StudyResult]) -> list[StudyResult]:
    """Join results by study, in the order in which each study first appears: twenty jobs of one seed each are one study.

    A seed that appears twice in one study is the same run again: the first is kept.
    """
    studies: dict[str, list[StudyResult]] = {}
    for part in parts:
        known = studies.setdefault(part.identity, [])
        taken = {seed for earlier in known for seed in earlier.seeds}
        known.extend(part.of(seed) for seed in part.seeds if seed not in taken)
    return [join(sorted(group, key=lambda part: part.seeds)) for group in studies.values()]
