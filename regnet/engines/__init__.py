"""Engines: the ways to train a network, all of them over the same components, data, batches and starting weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from regnet.errors import ConfigError, one_of

if TYPE_CHECKING:
    from regnet.contracts import Params
    from regnet.study.study import Study

NAMES = ("handbuilt", "torch")


class Trainer(ABC):
    """A network in training: one engine's hold on the parameters of one or many seeds."""

    @abstractmethod
    def train_epoch(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        """One optimizer step on each batch, in order: inputs ``(*R, B, F)`` and coded targets.

        The same list may come again with other numbers in its tensors, as it does when examples are shuffled.
        """

    @abstractmethod
    def predict(self, x: Tensor) -> Tensor:
        """The network's output ``(*R, N, K)`` for inputs ``(*R, N, F)``, as after training: nothing is dropped or remembered."""

    @abstractmethod
    def weights(self, replica: int) -> dict[str, Tensor]:
        """A copy of one replica's parameters and buffers, by dotted name."""


def make_trainer(study: Study, seeds: Sequence[int], starts: Sequence[Params], *, replica_axis: bool) -> Trainer:
    """The study's engine, holding the network as `Layer.init` left it for each seed; with several seeds, along a replica axis.

    Raises:
        ConfigError: there is no such engine.
    """
    match study.engine:
        case "handbuilt":
            from regnet.engines.handbuilt import HandbuiltTrainer

            return HandbuiltTrainer(study, seeds, starts, replica_axis=replica_axis)
        case "torch":
            from regnet.engines.torch import TorchTrainer

            return TorchTrainer(study, seeds, starts)
    raise ConfigError(f"unknown engine {study.engine!r}: {one_of(study.engine, NAMES)}")
