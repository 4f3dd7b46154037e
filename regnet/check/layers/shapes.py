"""The shapes, names and types of what a layer returns, with and without the replica axis."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from regnet.check.comparison import extent, first
from regnet.check.finding import Finding, Place, Property, Situation, type_name
from regnet.check.layers.case import BATCH, MODES, REPLICAS, SEEDS, LayerCase, Pass, normal, title
from regnet.check.layers.start import converted, plain_start, stacked

REPLICA_CAUSE = (
    "works without a replica axis and not with one: name negative axes (dim=-2), transpose with .mT, and give a parameter "
    "(*R, F) the batch's axis by unsqueeze(-2)"
)


def check_shapes(case: LayerCase) -> Iterator[Finding]:
    """In single precision and with the parameters as drawn, which is what training starts with."""
    start = plain_start(case.layer, case.in_features, 0)
    x = case.x.float()
    for training, mode in MODES.items():
        with torch.inference_mode():
            y, _ = case.forward(converted(start, x.dtype), x.clone(), case.context(training), mode)
        if tuple(y.shape) != (BATCH, case.out_features):
            place = Place(Property.SHAPES, "output", mode.during)
            yield place.shape_finding((BATCH, case.out_features), y, "init gives another number of features than forward")
            return
        yield from _names(case, case.run(case.context(training), x, params=start), mode.during)


def _names(case: LayerCase, found: Pass, during: str) -> Iterator[Finding]:
    expected = {"", *case.start.trained}
    for name in sorted(expected - found.gradients.keys()):
        cause = "backward returns no gradient for it: it must for each tensor that init returns, unless marked as a Buffer"
        yield Place(Property.SHAPES, title(name), during).finding("a tensor", "nothing", cause)
    for name in sorted(found.gradients.keys() - expected):
        cause = "misspelt, or the gradient of nothing: init returns no parameter of this name"
        if name in case.start.buffers:
            cause = "a Buffer is not trained: backward returns no gradient for it"
        yield Place(Property.SHAPES, title(name), during).finding("nothing", "a tensor", cause)


def check_replica_shapes(case: LayerCase) -> Iterator[Finding]:
    """Of the output; the gradients' shapes are compared with their numbers, in `replicas`."""
    params = stacked([case.another_start(seed) for seed in SEEDS])
    expected = (REPLICAS, BATCH, case.out_features)
    for training in MODES:
        with torch.inference_mode():
            x, context = normal(REPLICAS, BATCH, case.in_features), case.context(training, SEEDS)
            y, _ = case.forward(converted(params, x.dtype), x, context, replica_situation(training))
        if tuple(y.shape) != expected:
            place = Place(Property.REPLICA_SHAPES, "output", replica_situation(training).during)
            yield place.shape_finding(expected, y, REPLICA_CAUSE)


def replica_situation(training: bool) -> Situation:
    """A pass of many replicas at once."""
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
                other = type_name(tensor.dtype)
                cause = f"converts to {other} on the way: make tensors of the input's type (x.new_zeros, zeros_like)"
                yield Place(concerned, name, mode.during).finding(type_name(dtype), other, cause)
                return


def check_finite(case: LayerCase) -> Iterator[Finding]:
    """For inputs from a normal distribution, as normalized data are."""
    for training, mode in MODES.items():
        found = case.run(case.context(training))
        for name, tensor in {"output": found.y, **{title(name): one for name, one in found.gradients.items()}}.items():
            wrong = ~tensor.isfinite()
            if wrong.any():
                index, cause = first(wrong), "a division by zero, or the logarithm or root of a number below zero"
                place = Place(Property.FINITE, name, mode.during)
                yield place.finding("finite numbers for ordinary inputs", str(tensor[index].item()), cause, index, extent(wrong))
                return
