"""The replica axis: many replicas at once must give what each gives alone, and may differ in the options that say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from regnet.check.comparison import compare
from regnet.check.diagnosis import UNKNOWN
from regnet.check.finding import Finding, Place, Property, Situation, Violation
from regnet.check.layers.case import BATCH, MODES, REPLICAS, SEEDS, LayerCase, normal, title
from regnet.check.layers.shapes import REPLICA_CAUSE, replica_situation
from regnet.check.layers.start import named, stacked
from regnet.check.options import replica_cases
from regnet.check.patterns import alike
from regnet.check.state import Made
from regnet.contracts import Context, Layer, Params

AXIS_0 = "reduces axis 0 where axis -2 is meant: with a replica axis in front, axis 0 is not the batch"
BOTH = "reduces the replica axis together with the batch: reduce axis -2 alone, and flatten nothing"
COUPLED = "a replica's result depends on what other replicas are given: each is to be computed from its own input alone"


def check_replicas(case: LayerCase) -> Iterator[Finding]:
    for training in MODES:
        situation = replica_situation(training)
        for finding in _compare(Property.REPLICAS, case, [case] * REPLICAS, training, situation):
            yield replace(finding, cause=_cause(case, finding.name, training, finding.cause))


def check_replica_options(case: LayerCase) -> Iterator[Finding]:
    """Marked options as tensors ``(R, 1, 1)``, one by one and together, against one replica at a time with numbers."""
    for options in replica_cases(case.layer, 3):
        together, *alone = (replace(case, made=Made.of(layer)) for layer in (options.together, *options.alone))
        situation = Situation(f"{options} as a tensor (R, 1, 1)", options.cause)
        for finding in _compare(Property.REPLICA_OPTIONS, together, alone, True, situation):
            yield replace(finding, cause=options.cause) if finding.cause == UNKNOWN else finding


def _compare(
    concerned: Property, together: LayerCase, alone: Sequence[LayerCase], training: bool, situation: Situation
) -> Iterator[Finding]:
    """All replicas at once against each by itself: the output first, and if that is right everything else."""
    trees = [one.another_start(seed) for one, seed in zip(alone, SEEDS, strict=True)]
    x = normal(REPLICAS, BATCH, together.in_features)
    dy = together.dy_for(x)
    got = _results(together, stacked(trees), x, dy, together.context(training, SEEDS), situation)
    each = [
        _results(one, tree, x[row], dy[row], one.context(training, SEEDS[row : row + 1]), situation)
        for row, (one, tree) in enumerate(zip(alone, trees, strict=True))
    ]
    for name, tensor in got.items():
        found = list(compare(Place(concerned, name, situation.during), tensor, torch.stack([one[name] for one in each])))
        yield from found
        if found and name == "output":
            return


def _results(  # noqa: PLR0913, PLR0917  # a pass is all of this
    case: LayerCase, params: Params, x: Tensor, dy: Tensor, context: Context, situation: Situation
) -> dict[str, Tensor]:
    """Everything that one way through the layer and back computes, by name."""
    found = case.run(context, x, dy, params, situation)
    results = {"output": found.y} | {title(name): tensor for name, tensor in found.gradients.items()}
    if type(case.layer).gradients is not Layer.gradients:
        with torch.inference_mode():
            half = case.half(found.params, found.cache, dy.clone(), situation)
        results |= {f"{title(name)} by gradients()": tensor for name, tensor in half.items()}
    return results | {f"buffer {name}": tensor for name, tensor in named(found.params).items() if name in case.start.buffers}


def _cause(case: LayerCase, name: str, training: bool, otherwise: str) -> str:
    """The usual mistakes, acted out: the wrong axis taken for the batch, or the replicas taken for a part of it.

    All replicas have the same parameters here, so that what a mistake gives can be had from the layer without a replica axis.
    """
    try:
        return _acted_out(case, name, training) or (otherwise if otherwise != UNKNOWN else REPLICA_CAUSE)
    except Violation:
        return otherwise


def _acted_out(case: LayerCase, name: str, training: bool) -> str | None:
    x = normal(REPLICAS, BATCH, case.in_features)
    dy = case.dy_for(x)

    def alone(x: Tensor, dy: Tensor) -> Tensor:
        return _results(case, case.params, x, dy, case.context(training), Situation())[name]

    def together(x: Tensor) -> Tensor:
        context = case.context(training, [7] * REPLICAS)
        return _results(case, stacked([case.params] * REPLICAS), x, dy, context, Situation())[name]

    got = together(x)
    examples = [alone(x[:, place], dy[:, place]) for place in range(BATCH)]
    if any(alike(got, torch.stack(examples, axis)) for axis in (0, 1)):
        return AXIS_0
    merged = alone(x.flatten(0, 1), dy.flatten(0, 1))
    if any(alike(got, one) for one in (merged, merged.expand(REPLICAS, *merged.shape), _unmerged(merged))):
        return BOTH
    other = x.clone()
    other[1:] += 1
    return COUPLED if got.shape[:1] == (REPLICAS,) and not torch.equal(together(other)[0], got[0]) else None


def _unmerged(merged: Tensor) -> Tensor:
    """A result for each example of all replicas with the replica axis again, if it is one."""
    return merged.unflatten(0, (REPLICAS, BATCH)) if merged.shape[0] == REPLICAS * BATCH else merged
