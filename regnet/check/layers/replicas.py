"""Check the replica axis: each of many replicas has the same result as alone, also if options marked PER_REPLICA differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from regnet.check.comparison import compare
from regnet.check.diagnosis import UNKNOWN
from regnet.check.finding import Finding, Location, Property, Situation, Violation
from regnet.check.layers.case import BATCH, MODES, REPLICAS, SEEDS, LayerCase, normal, title
from regnet.check.layers.shapes import REPLICA_CAUSE, replica_situation
from regnet.check.layers.start import named, stacked
from regnet.check.options import replica_cases
from regnet.check.patterns import alike
from regnet.check.state import Snapshot
from regnet.contracts import Context, Layer, Params

AXIS_0 = "reduces axis 0 where axis -2 is meant: with a replica axis in front, axis 0 is not the batch"
BOTH = "reduces the replica axis together with the batch: reduce only axis -2, and do not flatten"
COUPLED = "a replica's result depends on the inputs of other replicas: compute each from its own input"


def check_replicas(case: LayerCase) -> Iterator[Finding]:
    for training in MODES:
        situation = replica_situation(training)
        for finding in _compare(Property.REPLICAS, case, [case] * REPLICAS, training, situation):
            yield replace(finding, cause=_cause(case, finding.name, training, finding.cause))


def check_replica_options(case: LayerCase) -> Iterator[Finding]:
    """Marked options as tensors ``(R, 1, 1)``, one by one and together, against one replica at a time with numbers."""
    for options in replica_cases(case.layer, 3):
        together, *alone = (replace(case, snapshot=Snapshot.of(layer)) for layer in (options.together, *options.alone))
        situation = Situation(f"{options} as a tensor (R, 1, 1)", options.cause)
        for finding in _compare(Property.REPLICA_OPTIONS, together, alone, True, situation):
            yield replace(finding, cause=options.cause) if finding.cause == UNKNOWN else finding


def _compare(
    concerned: Property, together: LayerCase, alone: Sequence[LayerCase], training: bool, situation: Situation
) -> Iterator[Finding]:
    """Compare all replicas at once with each alone: first the output and, if it is right, all other results."""
    trees = [single.start_for(seed) for single, seed in zip(alone, SEEDS, strict=True)]
    x = normal(REPLICAS, BATCH, together.in_features)
    dy = together.dy_for(x)
    got = _results(together, stacked(trees), x, dy, together.context(training, SEEDS), situation)
    expected = [
        _results(single, tree, x[row], dy[row], single.context(training, SEEDS[row : row + 1]), situation)
        for row, (single, tree) in enumerate(zip(alone, trees, strict=True))
    ]
    for name, tensor in got.items():
        stack = torch.stack([results[name] for results in expected])
        found = list(compare(Location(concerned, name, situation.during), tensor, stack))
        yield from found
        if found and name == "output":
            return


def _results(  # noqa: PLR0913, PLR0917  # a pass is all of this
    case: LayerCase, params: Params, x: Tensor, dy: Tensor, context: Context, situation: Situation
) -> dict[str, Tensor]:
    """All results of one forward and backward pass, by name."""
    found = case.run(context, x, dy, params, situation)
    results = {"output": found.y} | {title(name): tensor for name, tensor in found.gradients.items()}
    if type(case.layer).gradients is not Layer.gradients:
        with torch.inference_mode():
            half = case.half(found.params, found.cache, dy.clone(), situation)
        results |= {f"{title(name)} by gradients()": tensor for name, tensor in half.items()}
    return results | {f"buffer {name}": tensor for name, tensor in named(found.params).items() if name in case.start.buffers}


def _cause(case: LayerCase, name: str, training: bool, fallback: str) -> str:
    """The likely cause: a simulated mistake that gives the same result, or else `fallback`."""
    try:
        return _simulated_mistake(case, name, training) or (fallback if fallback != UNKNOWN else REPLICA_CAUSE)
    except Violation:
        return fallback


def _simulated_mistake(case: LayerCase, name: str, training: bool) -> str | None:
    """The mistake that explains a wrong result: the wrong axis used as the batch, or the replicas treated as part of it.

    All replicas have the same parameters here, so that the layer without a replica axis can compute the result of a mistake.
    """
    x = normal(REPLICAS, BATCH, case.in_features)
    dy = case.dy_for(x)

    def alone(x: Tensor, dy: Tensor) -> Tensor:
        return _results(case, case.params, x, dy, case.context(training), Situation())[name]

    def together(x: Tensor) -> Tensor:
        context = case.context(training, [7] * REPLICAS)
        return _results(case, stacked([case.params] * REPLICAS), x, dy, context, Situation())[name]

    got = together(x)
    examples = [alone(x[:, index], dy[:, index]) for index in range(BATCH)]
    if any(alike(got, torch.stack(examples, axis)) for axis in (0, 1)):
        return AXIS_0
    merged = alone(x.flatten(0, 1), dy.flatten(0, 1))
    if any(alike(got, result) for result in (merged, merged.expand(REPLICAS, *merged.shape), _unmerged(merged))):
        return BOTH
    changed = x.clone()
    changed[1:] += 1
    return COUPLED if got.shape[:1] == (REPLICAS,) and not torch.equal(together(changed)[0], got[0]) else None


def _unmerged(merged: Tensor) -> Tensor:
    """The result with its replica axis restored, if it has one row for each example of all replicas."""
    return merged.unflatten(0, (REPLICAS, BATCH)) if merged.shape[0] == REPLICAS * BATCH else merged
