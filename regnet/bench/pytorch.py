"""PyTorch as its guides recommend for speed: the training step as a function of the parameters, compiled, or vmapped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from regnet.bench.problem import Problem
from regnet.bench.program import InProcess, Program

if TYPE_CHECKING:
    from torch import Tensor, nn

    Params = dict[str, Tensor]
    Step = Callable[[Params, Tensor, Tensor], None]


def prepare_compiled(problem: Problem) -> Program:
    """Prepare one network, its whole step compiled into one graph: forward pass, gradient and update.

    Compiling the module alone, or a step around `backward` and `torch.optim`, leaves Python between several graphs, which at
    this size costs nearly all the time.
    """
    import torch

    module = _module(problem, 0)
    params = {name: value.detach() for name, value in module.named_parameters()}
    loss = _loss(module)
    return _program(problem, params, loss, _compiled(_step(torch.func.grad(loss), problem.learning_rate)))


def prepare_vmap(problem: Problem) -> Program:
    """Prepare many networks by PyTorch's recipe for ensembles: stack the modules, and map the gradient over the stack."""
    return _prepare_vmap(problem, lambda step: step)


def prepare_compiled_vmap(problem: Problem) -> Program:
    """Prepare the same with the step of all networks compiled into one graph."""
    return _prepare_vmap(problem, _compiled)


def _prepare_vmap(problem: Problem, finish: Callable[[Step], Step]) -> Program:
    import torch

    modules = [_module(problem, replica) for replica in range(problem.replicas)]
    stacked, _ = torch.func.stack_module_state(modules)
    params = {name: value.detach() for name, value in stacked.items()}
    loss = _loss(modules[0])
    step = _step(torch.func.vmap(torch.func.grad(loss)), problem.learning_rate)
    return _program(problem, params, torch.func.vmap(loss), finish(step))


def _module(problem: Problem, replica: int) -> nn.Module:
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for weight, bias in problem.layers:
        linear = nn.Linear(*weight.shape[1:])
        linear.load_state_dict({"weight": torch.from_numpy(weight[replica].T), "bias": torch.from_numpy(bias[replica])})
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Tanh())


def _loss(module: nn.Module) -> Callable[[Params, Tensor, Tensor], Tensor]:
    import torch

    def loss(params: Params, x: Tensor, target: Tensor) -> Tensor:
        prediction = torch.func.functional_call(module, params, (x,))
        return (prediction - target).square().sum(-1).mean()  # type: ignore[no-any-return]

    return loss


def _step(gradients: Callable[[Params, Tensor, Tensor], Params], learning_rate: float) -> Step:
    def step(params: Params, x: Tensor, target: Tensor) -> None:
        for name, gradient in gradients(params, x, target).items():
            params[name].sub_(gradient, alpha=learning_rate)

    return step


def _compiled(step: Step) -> Step:
    """Compile the step in this process, without results cached by earlier processes."""
    import torch

    os.environ["TORCHINDUCTOR_CACHE_DIR"] = tempfile.mkdtemp()
    return torch.compile(step, fullgraph=True)


def _program(problem: Problem, params: Params, loss: Callable[..., Tensor], step: Step) -> Program:
    """Return a program that trains on the batches in order; they have a replica axis if the parameters have one."""
    import torch

    stacked = problem.replicas > 1
    batches = [
        (torch.from_numpy(x if stacked else x[0]), torch.from_numpy(target if stacked else target[0]))
        for x, target in zip(problem.x, problem.target, strict=True)
    ]

    def run(epochs: int) -> None:
        for _ in range(epochs):
            for x, target in batches:
                step(params, x, target)

    def judge() -> np.ndarray:
        return np.atleast_1d(torch.stack([loss(params, x, target) for x, target in batches]).mean(0).numpy())

    return InProcess(run, judge)
