"""Whether a trained network has learned anything at all."""

from __future__ import annotations

from torch import Tensor

from regnet.study.result import TrainedNetwork

CONSTANT = "the same outputs for all inputs"
"""A dead network, for example one of whose layers of rectifiers are all zero."""
NO_BETTER = {
    "classification": "not clearly better than always answering the most frequent class",
    "regression": "no better than always answering the mean of the training values",
}


def unlearned(network: TrainedNetwork, output: Tensor | None) -> str | None:
    """Return why a network has learned nothing, judged by the test examples; None if it has, or if these cannot show it.

    Of classes, it has learned nothing if it is wrong at least half as often as the most frequent class, and the advantage over that
    class is not two standard errors; of values, if its square error is at least that of the training values' mean.

    Args:
        network: the network after training.
        output: its outputs ``(N, K)`` for the test examples; None if they are not known.
    """
    targets, train, test = network.data.targets, network.data.train.y, network.data.test.y
    output = network.forward(network.data.test.x) if output is None else output
    if len(output) > 1 and bool((output == output[:1]).all()):
        return CONSTANT
    prediction = targets.decode(output)
    if targets.task == "classification":
        frequent = train.bincount().argmax()
        gain = (test != frequent).double() - (prediction != test).double()
        wrong, chance = (prediction != test).sum(), (test != frequent).sum()
        margin = 2 * float(gain.std()) * len(gain) ** 0.5 if len(gain) > 1 else 0.0
        chance = (chance - margin).clamp(min=chance / 2)
    else:
        values = test.double()
        wrong, chance = (prediction - values).square().sum(), (train.double().mean(0) - values).square().sum()
    return NO_BETTER[targets.task] if bool(wrong >= chance) and bool(chance > 0) else None
