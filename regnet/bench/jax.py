"""JAX as usually written for an ensemble: a scan over an epoch's batches, mapped over the networks, compiled as one program."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from regnet.bench.problem import Problem
from regnet.bench.program import InProcess, Program

if TYPE_CHECKING:
    from jax import Array

    Params: TypeAlias = list[tuple[Array, Array]]


def prepare(problem: Problem) -> Program:
    """Prepare ``jit(vmap(scan))`` over all replicas; the parameters' memory is donated from epoch to epoch."""
    import jax
    import jax.numpy as jnp

    def loss(params: Params, x: Array, target: Array) -> Array:
        for weight, bias in params[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = params[-1]
        return jnp.square(jnp.tanh(x @ weight + bias) - target).sum(-1).mean()

    def step(params: Params, batch: tuple[Array, Array]) -> tuple[Params, None]:
        gradients = jax.grad(loss)(params, *batch)
        return jax.tree.map(lambda value, slope: value - problem.learning_rate * slope, params, gradients), None

    def epoch(params: Params, x: Array, target: Array) -> Params:
        return jax.lax.scan(step, params, (x, target))[0]

    train = jax.jit(jax.vmap(epoch, in_axes=(0, 1, 1)), donate_argnums=0)
    losses = jax.jit(jax.vmap(jax.vmap(loss, in_axes=(None, 0, 0)), in_axes=(0, 1, 1)))
    params: Params = jax.device_put(list(problem.layers))
    x, target = jax.device_put((problem.x, problem.target))

    def run(epochs: int) -> None:
        nonlocal params
        for _ in range(epochs):
            params = train(params, x, target)
        jax.block_until_ready(params)  # type: ignore[no-untyped-call]

    def judge() -> np.ndarray:
        return np.asarray(losses(params, x, target).mean(-1))

    return InProcess(run, judge)
