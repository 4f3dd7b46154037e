"""Check an optimizer's side effects: it changes parameters and state in place, but no gradients, and draws no random numbers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from regnet.check.comparison import EXACT, compare
from regnet.check.finding import Finding, Location, Property, Situation, kind_of, type_name
from regnet.check.mutation import IN_PLACE, Watched
from regnet.check.optimizers.trajectory import SIZE, STEPS, drawn, init, start, take_steps, update
from regnet.check.randomness import global_draws, watched_generators
from regnet.contracts import Optimizer


def check_state(optimizer: Optimizer) -> Iterator[Finding]:
    for name, value in take_steps(optimizer, start(SIZE), drawn(SIZE)).state.items():
        if not isinstance(value, Tensor):
            cause = "the state must be tensors, so that it can be moved, stored and stacked: count in parameters.new_zeros(())"
            yield Finding(Property.STATE, f"state[{name!r}]", "a tensor", kind_of(value), cause)


def check_in_place(optimizer: Optimizer) -> Iterator[Finding]:
    """`update` writes into the parameters in place, since the layers hold views into that tensor."""
    parameters, before = start(SIZE), start(SIZE)
    view = parameters[1:3]
    with torch.inference_mode():
        state = init(optimizer, parameters)
        returned = [update(optimizer, parameters, gradient, state) for gradient in drawn(SIZE)]
    if torch.equal(parameters, before):
        instead = ", and update returns a tensor" if isinstance(returned[-1], Tensor) else ""
        cause = "update must write into the parameters in place, parameters.sub_(...): a new tensor is lost"
        yield Finding(Property.IN_PLACE, "parameters", f"other numbers after {STEPS} steps", f"the same numbers{instead}", cause)
    elif not torch.equal(view, parameters[1:3]):
        cause = "update replaces the parameters' memory, as parameters.data = ... does: write into the existing memory"
        yield Finding(Property.IN_PLACE, "parameters", "the same numbers in every view of them", "others", cause)
    elif not parameters.isfinite().all():
        cause = "not finite: a division by zero, or the root of a negative number"
        yield Finding(Property.IN_PLACE, "parameters", f"finite numbers after {STEPS} steps", "nan or infinity", cause)


def check_purity(optimizer: Optimizer) -> Iterator[Finding]:
    parameters = start(SIZE)
    with torch.inference_mode():
        state = init(optimizer, parameters)
        for gradients in drawn(SIZE):
            watched = Watched({"gradients": gradients})
            update(optimizer, parameters, gradients, state)
            found = list(watched.changed("update", IN_PLACE))
            if not found:  # if the state holds the gradients themselves, the next step writes into them
                update(optimizer, parameters, drawn(SIZE)[0], state)
                found = list(watched.changed("a later update", "the state holds the gradients themselves: keep a copy"))
            yield from found
            if found:
                return


def check_determinism(optimizer: Optimizer) -> Iterator[Finding]:
    with watched_generators() as moved:
        first, second = (take_steps(optimizer, start(SIZE), drawn(SIZE)).end for _ in range(2))
    yield from global_draws(Property.DETERMINISM, "update", moved, "no generator: an optimizer is not random, but draws")
    if not moved:
        yield from compare(Location(Property.DETERMINISM, "parameters", "the same steps twice"), second, first, tolerance=EXACT)


def check_double(optimizer: Optimizer) -> Iterator[Finding]:
    yield from _precision(optimizer, Property.DOUBLE, torch.float64)


def check_single(optimizer: Optimizer) -> Iterator[Finding]:
    yield from _precision(optimizer, Property.SINGLE, torch.float32)


def _precision(optimizer: Optimizer, concerned: Property, dtype: torch.dtype) -> Iterator[Finding]:
    state = take_steps(
        optimizer, start(SIZE).to(dtype), [gradient.to(dtype) for gradient in drawn(SIZE)], Situation(type_name(dtype))
    ).state
    for name, value in state.items():
        if isinstance(value, Tensor) and value.is_floating_point() and value.dtype != dtype:
            cause = "create the state with the parameters' type: torch.zeros_like(parameters), parameters.new_zeros(())"
            yield Finding(concerned, f"state[{name!r}]", type_name(dtype), type_name(value.dtype), cause)


def check_empty(optimizer: Optimizer) -> Iterator[Finding]:
    """The optimizer accepts an empty tensor, as a network without parameters has."""
    cause = "cannot take a tensor without numbers, as a network without parameters has"
    take_steps(optimizer, start(0), drawn(0), Situation("no parameters", cause))
    yield from ()
