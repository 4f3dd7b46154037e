"""Engines: the ways to train a network, with the same components, data, batches and starting weights.

Offers `handbuilt` and `torch`; `recording/` and `cuda_graph` (the hand-built step recorded once and replayed); `replicas` (which
studies can be one program, with a value for each replica as a tensor).

May import contracts, errors, network, registry, rng, study.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from regnet.errors import ConfigError, one_of
from regnet.network.parameters import overwrite

if TYPE_CHECKING:
    from regnet.contracts import Params, State
    from regnet.study.study import Study

NAMES = ("handbuilt", "torch")


def engine_name(spec: Any) -> str:
    """The name of an engine as a configuration gives it: alone, or among its options."""
    return str(spec.get("name") if isinstance(spec, Mapping) else spec)


class Trainer(ABC):
    """A network in training with one engine, for one or many seeds."""

    @abstractmethod
    def train_epoch(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Take one optimizer step on each batch, in order: inputs ``(*R, B, F)`` and coded targets.

        The same list may be passed again with new numbers in its tensors, as when examples are shuffled.
        """

    @abstractmethod
    def predict(self, x: Tensor) -> Tensor:
        """The network's output ``(*R, N, K)`` for inputs ``(*R, N, F)``: without dropout, and without updates of buffers."""

    @abstractmethod
    def weights(self, replica: int) -> dict[str, Tensor]:
        """A copy of one replica's parameters and buffers, by dotted name."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything that determines the next epochs, besides the batches: dicts and lists of tensors and plain values.

        The tensors change with the next epoch.
        """

    @abstractmethod
    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continue from the state that a trainer of the same study and seeds returned; before the first epoch.

        Raises:
            Exception: the state does not fit; the trainer cannot be used then.
        """


def load_optimizer_state(state: State, kept: State) -> None:
    """Overwrite the state of a hand-built optimizer; entries that it makes at its first step are added.

    Raises:
        ValueError: an entry has another shape, or is missing.
    """
    overwrite(list(state.values()), [kept[name] for name in state])
    some = next(iter(state.values()), None)
    state |= {name: value if some is None else value.to(some.device) for name, value in kept.items() if name not in state}


def make_trainer(study: Study, seeds: Sequence[int], starts: Sequence[Params], *, replica_axis: bool) -> Trainer:
    """The study's engine, with the network's starting parameters of each seed; with several seeds, along a replica axis.

    The seeds are those of the layers' random numbers.

    Raises:
        ConfigError: the engine is unknown.
    """
    match study.engine:
        case "handbuilt":
            from regnet.engines.handbuilt import HandbuiltTrainer

            return HandbuiltTrainer(study, seeds, starts, replica_axis=replica_axis)
        case "torch":
            from regnet.engines.torch import TorchTrainer

            return TorchTrainer(study, seeds, starts)
    raise ConfigError(f"unknown engine {study.engine!r}: {one_of(study.engine, NAMES)}")
