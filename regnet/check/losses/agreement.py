"""Check a loss's values: with replicas, in both precisions, for one example, and compared with PyTorch's loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from regnet.check.comparison import compare
from regnet.check.diagnosis import Clues
from regnet.check.finding import Finding, Location, Property, Skip, kind_of, type_name
from regnet.check.losses.example import BATCH, OUTPUTS, REPLICAS, Example, each_coding, gradient, value
from regnet.check.losses.gradients import NAME, clues
from regnet.check.running import calling
from regnet.contracts import Loss

NOT_FINITE = "not finite for ordinary predictions: the logarithm or root of a negative number, or a division by zero"
CONVERTS = "converts the type: create tensors of the prediction's type (prediction.new_zeros, zeros_like)"
ONE_VALUE = "one number for all replicas: sum or average only over the last two axes, .sum((-1, -2))"
SHAPE = "forward returns one number for each replica, backward a tensor of the prediction's shape"
UNBIASED = "a statistic over the batch divides by B - 1, which is zero for a single example"

PYTORCH_FACTORS = {
    float(BATCH): "summed over the batch, where PyTorch averages",
    1 / BATCH: "averaged over the batch, where PyTorch sums",
    float(OUTPUTS): "summed over the outputs, where PyTorch averages: a different reduction",
    1 / OUTPUTS: "averaged over the outputs, where PyTorch sums: a different reduction",
    float(BATCH * OUTPUTS): "summed over batch and outputs, where PyTorch averages",
}
"""Factors by which a loss often differs from PyTorch's."""


def check_codings(loss: Loss) -> Iterator[Finding]:
    """The loss accepts each coding without a replica axis, and returns one finite number."""
    for at in each_coding(loss, BATCH, OUTPUTS):
        location = Location(Property.CODINGS, "value", at.during)
        found = value(loss, at)
        if found.shape != ():
            yield location.shape_finding((), found, "forward returns one number: sum or average over outputs and batch")
        elif not found.isfinite():
            yield location.finding("a finite number", f"{found.item():.6g}", NOT_FINITE)
        gradient(loss, at)


def check_replicas(loss: Loss) -> Iterator[Finding]:
    for at in each_coding(loss, REPLICAS, BATCH, OUTPUTS):
        during = f"{at.during}, replica axis"
        parts = [at.part(row) for row in range(REPLICAS)]
        values = torch.stack([value(loss, part) for part in parts])
        suspects = [(ONE_VALUE, reduced.expand(shape)) for reduced in (values.mean(), values.sum()) for shape in ((), (REPLICAS,))]
        got = value(loss, at, during)
        yield from compare(Location(Property.REPLICAS, "value", during), got, values, clues=partial(Clues, suspects=suspects))
        factors = {1 / REPLICAS: "averaged over the replicas too", float(REPLICAS): "summed over the replicas"}
        got, expected = gradient(loss, at, during), torch.stack([gradient(loss, part) for part in parts])
        yield from compare(Location(Property.REPLICAS, NAME, during), got, expected, clues=partial(Clues, factors))


def check_probabilities(loss: Loss) -> Iterator[Finding]:
    """Probabilities, if the loss defines them, are from 0 to 1, sum to 1, and rank classes as the outputs do."""
    if type(loss).probabilities is Loss.probabilities:
        raise Skip("the loss defines no probabilities")
    prediction = 2 * torch.randn(REPLICAS, BATCH, OUTPUTS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with calling("probabilities", "it must accept any outputs"):
        found = loss.probabilities(prediction.clone())
    location = Location(Property.PROBABILITIES, "probabilities")
    if not isinstance(found, Tensor) or found.shape != prediction.shape:
        yield location.finding(f"a tensor of shape {tuple(prediction.shape)}", kind_of(found), "a probability for each output")
        return
    if (found < 0).any() or (found > 1).any():
        yield location.finding("numbers from 0 to 1", f"{found.min().item():.4g} to {found.max().item():.4g}", "no probabilities")
    yield from compare(
        Location(Property.PROBABILITIES, "sum over the classes"), found.sum(-1), torch.ones(REPLICAS, BATCH).double()
    )
    if not torch.equal(found.argmax(-1), prediction.argmax(-1)):
        cause = "the predicted class is the one with the largest output"
        yield location.finding("the largest for the largest output", "another class", cause)


def check_counterpart(loss: Loss) -> Iterator[Finding]:
    """Also if a prediction is exactly zero, as with all-zero weights, or exactly the target."""
    with calling("torch_loss", "torch_loss builds PyTorch's counterpart from the given nn"):
        counterpart = loss.torch_loss(nn)
    if counterpart is None:
        raise Skip("the loss has no torch_loss")
    for at in each_coding(loss, BATCH, OUTPUTS):
        at.prediction[0] = 0
        at.prediction[1] = at.full_target[1]
        expected, slope = _by_pytorch(counterpart, at)
        location = Location(Property.COUNTERPART, "value", at.during)
        wrong = list(compare(location, value(loss, at), expected, clues=partial(Clues, PYTORCH_FACTORS)))
        yield from wrong
        if not wrong:
            location = Location(Property.COUNTERPART, NAME, at.during)
            yield from compare(location, gradient(loss, at), slope, clues=partial(clues, at, slope))


def _by_pytorch(counterpart: Callable[[Tensor, Tensor], Tensor], at: Example) -> tuple[Tensor, Tensor]:
    prediction = at.prediction.clone().requires_grad_()
    with calling("torch_loss", "PyTorch's loss does not accept this loss's arguments"):
        expected = counterpart(prediction, at.target)
        (slope,) = torch.autograd.grad(expected, [prediction])
    return expected.detach(), slope


def check_double(loss: Loss) -> Iterator[Finding]:
    yield from _precision(loss, Property.DOUBLE, torch.float64)


def check_single(loss: Loss) -> Iterator[Finding]:
    yield from _precision(loss, Property.SINGLE, torch.float32)


def _precision(loss: Loss, concerned: Property, dtype: torch.dtype) -> Iterator[Finding]:
    for given in each_coding(loss, BATCH, OUTPUTS):
        at = given.to(dtype)
        for name, tensor in (("value", value(loss, at)), (NAME, gradient(loss, at))):
            if tensor.dtype != dtype:
                yield Location(concerned, name, at.during).finding(type_name(dtype), type_name(tensor.dtype), CONVERTS)


def check_one_example(loss: Loss) -> Iterator[Finding]:
    for at in each_coding(loss, 1, OUTPUTS):
        during = f"{at.during}, batch of 1"
        for name, tensor, shape in (("value", value(loss, at, during), ()), (NAME, gradient(loss, at, during), (1, OUTPUTS))):
            location = Location(Property.ONE_EXAMPLE, name, during)
            if tuple(tensor.shape) != shape:
                yield location.shape_finding(shape, tensor, SHAPE)
            elif not tensor.isfinite().all():
                yield location.finding("finite numbers", "nan or infinity", UNBIASED)
