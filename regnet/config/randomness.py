"""Which sources of randomness a network's training uses: found by trying, since components need not declare it."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet.contracts import Buffer, Context
from regnet.network.parameters import leaves, rebuild
from regnet.network.sequential import Sequential
from regnet.rng import Noise, Source

ROWS = 4
"""The number of examples in the trial."""


def training_sources(network: Sequential, features: int, *, shuffled: bool) -> tuple[Source, ...]:
    """Return those of the initial weights, the order of the examples and the layers' random numbers that differ between seeds."""
    first, second = (network.init(features, torch.Generator().manual_seed(seed))[0] for seed in (0, 1))
    pairs = zip(leaves(first), leaves(second), strict=True)
    random = any(
        not torch.equal(one, other) for (_, one), (_, other) in pairs if isinstance(one, Tensor) and isinstance(other, Tensor)
    )
    used: dict[Source, bool] = {"init": random, "order": shuffled, "noise": _asks_for_noise(network, features)}
    return tuple(source for source, is_used in used.items() if is_used)


class _WatchedNoise(Noise):
    """Noise that knows whether any numbers were drawn."""

    drawn = False

    def rand(self, shape: torch.Size) -> Tensor:
        self.drawn = True
        return super().rand(shape)


def _asks_for_noise(network: Sequential, features: int) -> bool:
    """Return whether a forward pass in training draws random numbers; a layer that fails is reported when it is trained."""
    tree, _ = network.init(features, torch.Generator().manual_seed(0))
    params = rebuild(tree, {path: leaf.value.clone() if isinstance(leaf, Buffer) else leaf for path, leaf in leaves(tree)})
    noise = _WatchedNoise([0], replica_axis=False)
    x = torch.rand(max(ROWS, network.smallest_batch), features, generator=torch.Generator().manual_seed(0))
    try:
        with torch.inference_mode():
            network.forward(params, x, Context(training=True, noise=noise))
    except Exception:  # whatever a layer raises
        pass
    return noise.drawn
