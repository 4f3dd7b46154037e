"""Check the shapes, names and types of a layer's results, with and without the replica axis."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from regnet.check.comparison import extent, first
from regnet.check.finding import Finding, Location, Property, Situation, type_name
from regnet.check.layers.case import BATCH, MODES, REPLICAS, SEEDS, LayerCase, Pass, normal, title
from regnet.check.layers.start import converted, plain_start, stacked

REPLICA_CAUSE = (
    "works without a replica axis but not with one: use negative axes (dim=-2), transpose with .mT, and give a parameter "
    "(*R, F) the batch's axis by unsqueeze(-2)"
)


def check_shapes(case: LayerCase) -> Iterator[Finding]:
    """The shapes in single precision, with the parameters as `init` draws them, as at the start of training."""
    start = plain_start(case.layer, case.in_features, 0)
    x = case.x.float()
    for training, mode in MODES.items():
        with torch.inference_mode():
            y, _ = case.forward(converted(start, x.dtype), x.clone(), case.context(training), mode)
        if tuple(y.shape) != (BATCH, case.out_features):
            location = Location(Property.SHAPES, "output", mode.during)
            cause = "init returns another number of output features than forward"
            yield location.shape_finding((BATCH, case.out_features), y, cause)
            return
        yield from _names(case, case.run(case.context(training), x, params=start), mode.during)


def _names(case: LayerCase, found: Pass, during: str) -> Iterator[Finding]:
    expected = {"", *case.start.trained}
    for name in sorted(expected - found.gradients.keys()):
        cause = "backward returns no gradient for it: it must for each tensor that init returns, unless marked as a Buffer"
        yield Location(Property.SHAPES, title(name), during).finding("a tensor", "nothing", cause)
    for name in sorted(found.gradients.keys() - expected):
        cause = "misspelt or superfluous: init returns no parameter of this name"
        if name in case.start.buffers:
            cause = "a Buffer is not trained: backward returns no gradient for it"
        yield Location(Property.SHAPES, title(name), during).finding("nothing", "a tensor", cause)


def check_replica_shapes(case: LayerCase) -> Iterator[Finding]:
    """The shape of the output with a replica axis; `replicas` compares the gradients' shapes along with their numbers."""
    params = stacked([case.start_for(seed) for seed in SEEDS])
    expected = (REPLICAS, BATCH, case.out_features)
    for training in MODES:
        with torch.inference_mode():
            x, context = normal(REPLICAS, BATCH, case.in_features), case.context(training, SEEDS)
            y, _ = case.forward(converted(params, x.dtype), x, context, replica_situation(training))
        if tuple(y.shape) != expected:
            location = Location(Property.REPLICA_SHAPES, "output", replica_situation(training).during)
            yield location.shape_finding(expected, y, REPLICA_CAUSE)


def replica_situation(training: bool) -> Situation:
    """The situation of a pass with many replicas at once."""
    return Situation(f"{MODES[training].during}, replica axis", REPLICA_CAUSE)


def check_double(case: LayerCase) -> Iterator[Finding]:
    yield from _precision(case, Property.DOUBLE, torch.float64)


def check_single(case: LayerCase) -> Iterator[Finding]:
    yield from _precision(case, Property.SINGLE, torch.float32)


def _precision(case: LayerCase, concerned: Property, dtype: torch.dtype) -> Iterator[Finding]:
    for training, mode in MODES.items():
        found = case.run(case.context(training), case.x.to(dtype))
        results = {"output": found.y} | {title(name): tensor for name, tensor in found.gradients.items()}
        for name, tensor in results.items():
            if tensor.dtype != dtype:
                got = type_name(tensor.dtype)
                cause = f"converts to {got}: create tensors of the input's type (x.new_zeros, zeros_like)"
                yield Location(concerned, name, mode.during).finding(type_name(dtype), got, cause)
                return


def check_finite(case: LayerCase) -> Iterator[Finding]:
    """All numbers are finite for inputs from a normal distribution, as in normalized data."""
    for training, mode in MODES.items():
        found = case.run(case.context(training))
        for name, tensor in {"output": found.y, **{title(name): gradient for name, gradient in found.gradients.items()}}.items():
            wrong = ~tensor.isfinite()
            if wrong.any():
                index, cause = first(wrong), "a division by zero, or the logarithm or root of a number below zero"
                location = Location(Property.FINITE, name, mode.during)
                yield location.finding("finite numbers for ordinary inputs", str(tensor[index].item()), cause, index, extent(wrong))
                return
