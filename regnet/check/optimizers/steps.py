"""Check an optimizer's steps: equal to PyTorch's, downhill, elementwise, and with options that differ between replicas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from regnet.check.comparison import compare
from regnet.check.diagnosis import UNKNOWN, Clues
from regnet.check.finding import Finding, Location, Property, Situation, Skip
from regnet.check.optimizers.trajectory import REPLICAS, SIZE, STEPS, drawn, init, start, take_steps, update
from regnet.check.options import replica_cases
from regnet.check.patterns import alike, number
from regnet.check.running import calling
from regnet.contracts import Optimizer

CHANGE = "change of the parameters"
COUPLED = (
    "the step of a number depends on other numbers: a norm or mean over the whole tensor mixes the replicas and the layers, "
    "which are stored in one tensor"
)


def check_counterpart(optimizer: Optimizer) -> Iterator[Finding]:
    """Ten steps equal PyTorch's; the first that differs is reported."""
    gradients = drawn(SIZE)
    theirs = _by_pytorch(optimizer, gradients)
    ours = take_steps(optimizer, start(SIZE), gradients).positions
    for step, gradient in enumerate(gradients):
        clues = partial(_clues, ours[step], gradient)
        got, expected = ours[step + 1] - ours[step], theirs[step + 1] - theirs[step]
        place = Location(Property.COUNTERPART, CHANGE, f"step {step + 1} of {STEPS}")
        found = list(compare(place, got, expected, clues=clues))
        for finding in found:
            yield replace(finding, cause=_changing_factor(ours, theirs) or _late(step, finding.cause))
        if found:
            return


def _clues(parameters: Tensor, gradient: Tensor) -> Clues:
    return Clues(terms={"the gradient": gradient, "the parameters": parameters, "the sign of the gradient": gradient.sign()})


def _by_pytorch(optimizer: Optimizer, gradients: list[Tensor]) -> list[Tensor]:
    parameters = start(SIZE).requires_grad_()
    with (
        _double_by_default(),
        calling("torch_optimizer", "torch_optimizer builds PyTorch's counterpart from the given optim and parameters"),
    ):
        counterpart = optimizer.torch_optimizer(torch.optim, [parameters])
    if counterpart is None:
        raise Skip("the optimizer has no torch_optimizer")
    positions = [parameters.detach().clone()]
    for gradient in gradients:
        parameters.grad = gradient.clone()
        with _double_by_default(), calling("torch_optimizer", "PyTorch's optimizer fails"):
            counterpart.step()
        positions.append(parameters.detach().clone())
    return positions


@contextmanager
def _double_by_default() -> Iterator[None]:
    """Context manager that makes double the default type, which PyTorch uses for some of the state, such as NAdam's momenta."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _changing_factor(ours: list[Tensor], theirs: list[Tensor]) -> str | None:
    """The cause if each step is off by a factor that all parameters share and that changes from step to step, else None."""
    factors = []
    for step in range(STEPS):
        got, expected = ours[step + 1] - ours[step], theirs[step + 1] - theirs[step]
        factor = ((got * expected).sum() / expected.square().sum()).item()
        if not factor or not torch.allclose(got, factor * expected, rtol=1e-4, atol=0):
            return None
        factors.append(factor)
    if alike(torch.tensor(factors), torch.full((STEPS,), factors[0])):
        return None
    first, second, last = (number(factors[step]) for step in (0, 1, -1))
    return (
        f"all parameters' steps are off by one factor that changes from step to step ({first}, {second}, … {last}): "
        "the bias correction of a running mean, or a schedule, is missing or wrong"
    )


def _late(step: int, cause: str) -> str:
    """The cause, or if it is unknown and the first steps are right, that the state is wrong."""
    if step == 0 or cause != UNKNOWN:
        return cause
    return f"the first {'step is' if step == 1 else f'{step} steps are'} right: the state is wrong"


def check_descent(optimizer: Optimizer) -> Iterator[Finding]:
    """Steps go against the gradient on average, for ``½ |θ|²``, whose gradient is ``θ``."""
    parameters = start(SIZE)
    progress = 0.0
    with torch.inference_mode():
        state = init(optimizer, parameters)
        for _ in range(STEPS):
            before = parameters.clone()
            update(optimizer, parameters, before.clone(), state)
            progress += ((parameters - before) * before).sum().item()
    if progress > 0:
        cause = "sign flipped: a step goes against the gradient, parameters.sub_(lr * gradients)"
        yield Location(Property.DESCENT, CHANGE).finding("against the gradient", "along the gradient", cause)


def check_elementwise(optimizer: Optimizer) -> Iterator[Finding]:
    gradients = drawn(REPLICAS, SIZE)
    together = take_steps(optimizer, start(REPLICAS, SIZE), gradients).end
    alone = torch.stack(
        [
            take_steps(optimizer, start(REPLICAS, SIZE)[row], [gradient[row] for gradient in gradients]).end
            for row in range(REPLICAS)
        ]
    )
    location = Location(Property.ELEMENTWISE, "parameters", f"replica axis, after {STEPS} steps")
    found = list(compare(location, together, alone))
    if not found:
        order = torch.randperm(SIZE, generator=torch.Generator().manual_seed(5))
        parts = [
            take_steps(optimizer, start(SIZE)[part], [gradient[0, part] for gradient in gradients]).end
            for part in order.split(SIZE // 2 - 1)
        ]
        whole = take_steps(optimizer, start(SIZE), [gradient[0] for gradient in gradients]).end
        location = replace(location, during=f"in parts and in another order, after {STEPS} steps")
        found = list(compare(location, torch.cat(parts), whole[order]))
    for finding in found:
        yield replace(finding, cause=COUPLED)


def check_replica_options(optimizer: Optimizer) -> Iterator[Finding]:
    """Marked options as tensors ``(R, 1)``, one by one and together, against one replica at a time with numbers."""
    gradients = drawn(REPLICAS, SIZE)
    for options in replica_cases(optimizer, 2):
        cause = options.cause
        situation = Situation(f"{options} as a tensor (R, 1), after {STEPS} steps", cause)
        got = take_steps(options.together, start(REPLICAS, SIZE), gradients, situation).end
        each = [take_steps(single, start(REPLICAS, SIZE), gradients).end[row] for row, single in enumerate(options.alone)]
        for finding in compare(Location(Property.REPLICA_OPTIONS, "parameters", situation.during), got, torch.stack(each)):
            yield replace(finding, cause=f"{cause} ({finding.cause})" if finding.cause != UNKNOWN else cause)
