"""A layer prepared for checking: parameters that differ from each other, and passes that work on copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import NeedsOption, Situation, Skip, Violation, kind_of
from regnet.check.layers.start import Start, converted, moved_start, named, replaced
from regnet.check.randomness import CountingNoise
from regnet.check.running import calling
from regnet.check.state import Snapshot
from regnet.check.subject import Subject
from regnet.contracts import Context, Layer, Params
from regnet.errors import RegnetError

BATCH, REPLICAS = 7, 4
"""These, 5 features and 3 outputs are all different, so that confused axes are noticed."""
FEATURES = (5, 6, 4, 8, 2, 3, 9, 12, 16, 1)
"""Numbers of input features to try until the layer accepts one; a layer that halves its features cannot take 5."""
SEEDS = (3, 8, 5, 12)
"""The replicas' seeds."""
SCALES = (0.5, 0.05, 0.0)
"""Distances by which to move parameters from their start; the first at which the output is finite is used."""
SECOND_HALF = "gradients returns the second result of backward"
MODES = {True: Situation("training"), False: Situation("predicting")}
"""The two kinds of pass, by the value of `context.training`."""


@dataclass(frozen=True)
class Pass:
    """The results of one forward and backward pass."""

    y: Tensor
    cache: Any
    gradients: dict[str, Tensor]
    """By the parameter's dotted name; "" is the input."""
    params: Params
    """The parameters after the pass: buffers may have changed."""


@dataclass(frozen=True)
class LayerCase:
    """A layer, and parameters in double precision, moved away from their start as by training."""

    snapshot: Snapshot
    in_features: int
    scale: float
    """How far parameters were moved from their start."""
    start: Start

    @property
    def layer(self) -> Layer:
        return self.snapshot.component  # type: ignore[no-any-return]

    @property
    def params(self) -> Params:
        return self.start.params

    @property
    def out_features(self) -> int:
        return self.start.out_features

    @cached_property
    def x(self) -> Tensor:
        return normal(BATCH, self.in_features)

    def dy_for(self, x: Tensor) -> Tensor:
        """A gradient of the output, the same for all inputs of one shape."""
        return normal(*x.shape[:-1], self.out_features, seed=2).to(x.dtype)

    def start_for(self, seed: int) -> Params:
        """The parameters of the replica with this seed."""
        return moved_start(self.layer, self.in_features, seed, self.scale).params

    def context(self, training: bool, seeds: Sequence[int] = (7,)) -> Context:
        """A new context, so that each pass draws the same noise; with several seeds, along a replica axis."""
        return Context(training, CountingNoise(seeds, replica_axis=len(seeds) > 1))

    def forward(self, params: Params, x: Tensor, context: Context, situation: Situation) -> tuple[Tensor, Any]:
        """The result of the layer's forward.

        Raises:
            Violation: forward raises an error, or does not return an output and a cache.
        """
        with calling("forward", situation):
            found: Any = self.layer.forward(params, x, context)
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Tensor):
            return found
        cause = "forward returns the output, and the cache for backward"
        raise Violation("forward()", "a tuple (y, cache)", kind_of(found), cause, situation.during)

    def backward(self, params: Params, cache: Any, dy: Tensor, situation: Situation) -> dict[str, Tensor]:
        """The result of the layer's backward: all gradients by name, with "" for the input.

        Raises:
            Violation: backward raises an error, or does not return the gradients.
        """
        with calling("backward", situation):
            found: Any = self.layer.backward(params, cache, dy)
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Tensor) and isinstance(found[1], dict):
            return {"": found[0], **named(found[1], situation.during)}
        cause = "backward returns the gradient of the input and a dict with those of the parameters, {} where there are none"
        raise Violation("backward()", "a tuple (dx, gradients)", kind_of(found), cause, situation.during)

    def half(self, params: Params, cache: Any, dy: Tensor, situation: Situation) -> dict[str, Tensor]:
        """The result of the layer's gradients(): the gradients of the parameters by name.

        Raises:
            Violation: gradients() raises an error, or does not return a dict of tensors.
        """
        with calling("gradients", situation):
            found: Any = self.layer.gradients(params, cache, dy)
        if isinstance(found, dict):
            return named(found, situation.during)
        raise Violation("gradients()", "a dict of tensors", kind_of(found), SECOND_HALF, situation.during)

    def run(
        self,
        context: Context,
        x: Tensor | None = None,
        dy: Tensor | None = None,
        params: Params | None = None,
        situation: Situation | None = None,
    ) -> Pass:
        """Forward and backward as in hand-built training, on copies of all arguments."""
        x = self.x if x is None else x
        dy = self.dy_for(x) if dy is None else dy
        situation = situation or MODES[context.training]
        with torch.inference_mode():
            params = converted(self.params if params is None else params, x.dtype)
            y, cache = self.forward(params, x.clone(), context, situation)
            return Pass(y, cache, self.backward(params, cache, dy.clone(), situation), params)

    def autograd(self, training: bool, x: Tensor, dy: Tensor) -> dict[str, Tensor]:
        """The gradients by autograd of the same forward, by name, with "" for the input.

        Raises:
            Skip: autograd cannot differentiate forward; the message says why.
        """
        values = {"": x, **{name: tensor for name, tensor in named(self.params).items() if name in self.start.trained}}
        inputs = {name: tensor.clone().requires_grad_() for name, tensor in values.items()}
        copies = {name: tensor.clone() for name, tensor in inputs.items()}  # forward may write into these, but not into leaves
        tree = replaced(converted(self.params, x.dtype), copies)
        try:
            y, _ = self.layer.forward(tree, copies[""], self.context(training))
            found = torch.autograd.grad(y, list(inputs.values()), dy, allow_unused=True)
        except Exception as error:
            message = " ".join(str(error).split())[:120]
            note = "" if self.counterpart_exists else "; the torch engine cannot run the layer either, since it has no torch_module"
            raise Skip(f"autograd cannot differentiate forward ({message}){note}") from error
        return {
            name: torch.zeros_like(values[name]) if gradient is None else gradient
            for name, gradient in zip(inputs, found, strict=True)
        }

    def draws(self, training: bool) -> bool:
        """Whether the layer draws random numbers."""
        noise = CountingNoise([0], replica_axis=False)
        with torch.inference_mode():
            self.forward(converted(self.params, torch.float64), self.x.clone(), Context(training, noise), MODES[training])
        return noise.drawn > 0

    @cached_property
    def counterpart_exists(self) -> bool:
        return self.counterpart() is not None

    def counterpart(self) -> torch.nn.Module | None:
        """The result of the layer's torch_module: a PyTorch module or None.

        Raises:
            Violation: torch_module raises an error, or returns something else.
        """
        cause = "torch_module builds PyTorch's counterpart from the given nn and number of features, or returns None"
        with calling("torch_module", cause):
            module: Any = self.layer.torch_module(torch.nn, self.in_features)
        if module is None or isinstance(module, torch.nn.Module):
            return module
        raise Violation("torch_module()", "a module or None", kind_of(module), cause)


def make_case(subject: Subject) -> LayerCase:
    """The layer with the first number of features that it accepts.

    Raises:
        NeedsOption: the layer accepts none of the numbers tried.
        Violation: the layer cannot be constructed, or init does not return named tensors.
    """
    for features in FEATURES:
        snapshot = Snapshot.of(subject.make(features))
        try:
            cases = [LayerCase(snapshot, features, scale, moved_start(snapshot.component, features, 0, scale)) for scale in SCALES]
        except RegnetError as error:
            refused = error
            continue
        return next(filter(_is_finite, cases), cases[0])
    tried = ", ".join(map(str, FEATURES))
    raise NeedsOption(f"the layer takes none of {tried} features ({refused}): give options that fit one of them")


def _is_finite(case: LayerCase) -> bool:
    """Whether outputs are finite with parameters moved this far: not for a layer that takes the logarithm of a negative one."""
    try:
        passes = [case.run(case.context(training)) for training in MODES]
    except Violation:
        return True  # the properties report it
    return all(bool(found.y.isfinite().all()) for found in passes)


def title(name: str) -> str:
    """The name in reports of the gradient of the parameter `name`, or with "" of the input."""
    return f"gradient of {name or 'the input'}"


def normal(*shape: int, seed: int = 1) -> Tensor:
    """Numbers from a normal distribution, in double precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
