"""Compare a layer with its PyTorch counterpart, which the torch engine uses: both must compute the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from regnet.check.comparison import compare
from regnet.check.finding import Finding, Location, Property, Skip, Violation
from regnet.check.layers.case import BATCH, MODES, LayerCase, normal, title
from regnet.check.layers.start import converted, named
from regnet.check.running import calling

PASSES = (10, 11, 12)
"""Seeds of three inputs in a row: several, so that differences in how running statistics are updated show."""


def check_counterpart(case: LayerCase) -> Iterator[Finding]:
    if not case.counterpart_exists:
        raise Skip("the layer has no torch_module")
    for training in MODES:
        if training and case.draws(training):
            continue  # the module draws different numbers
        found = list(_passes(Baseline(case, training)))
        yield from found
        if found:
            return
    yield from _at_zero(Baseline(case, training=False))
    yield from _smallest(Baseline(case, training=True))


@dataclass(frozen=True)
class Baseline:
    """The layer's counterpart in PyTorch, while training or while predicting."""

    case: LayerCase
    training: bool

    def module(self) -> nn.Module:
        """A new module with the case's parameters and buffers.

        Raises:
            Violation: the names or shapes of its parameters or buffers differ from the layer's.
        """
        case = self.case
        module = case.counterpart()
        assert module is not None
        _same_names("parameters", case.start.trained, [name for name, _ in module.named_parameters()])
        buffers = [name for name, _ in module.named_buffers()]
        _same_names("buffers", case.start.buffers, [name for name in buffers if name in case.start.buffers])
        with calling("torch_module", "the module's parameters must have the shapes that init gives them"):
            module.double().load_state_dict(module.state_dict() | named(converted(case.params, torch.float64)))
        return module.train(self.training)

    def gradients(self, module: nn.Module, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The module's output, and the gradients by autograd, by name, with "" for the input."""
        inputs = {"": x.clone().requires_grad_(), **dict(module.named_parameters())}
        with calling("torch_module", "the module does not accept the layer's input"):
            y = module(inputs[""])
        expected = (*x.shape[:-1], self.case.out_features)
        if y.shape != expected:
            raise Violation("torch_module()", f"shape {expected}", f"shape {tuple(y.shape)}", "another module is meant")
        found = torch.autograd.grad(y, list(inputs.values()), self.case.dy_for(x), allow_unused=True)
        gradients = [torch.zeros_like(value) if grad is None else grad for grad, value in zip(found, inputs.values(), strict=True)]
        return y.detach(), dict(zip(inputs, gradients, strict=True))


def _same_names(what: str, ours: Sequence[str], theirs: Sequence[str]) -> None:
    if set(ours) != set(theirs):
        expected, got = (f"{what} {', '.join(sorted(names)) or 'none'}" for names in (ours, theirs))
        cause = "the module's parameters and buffers must have the names that init gives them, so that weights can be copied"
        raise Violation("torch_module()", expected, got, cause)


def _passes(baseline: Baseline) -> Iterator[Finding]:
    """Compare several passes, until one differs: first the output and, if it is right, all other results."""
    case, mode = baseline.case, MODES[baseline.training]
    module, params = baseline.module(), case.params
    for seed in PASSES:
        x = normal(BATCH, case.in_features, seed=seed)
        y, gradients = baseline.gradients(module, x)
        found = case.run(case.context(baseline.training), x, params=params)
        params = found.params
        got = {title(name): tensor for name, tensor in found.gradients.items()}
        expected = {title(name): tensor for name, tensor in gradients.items()}
        for name in case.start.buffers:
            got[f"buffer {name}"], expected[f"buffer {name}"] = named(params)[name], module.state_dict()[name]
        wrong = list(compare(Location(Property.COUNTERPART, "output", mode.during), found.y, y))
        for name, tensor in got.items() if not wrong else ():
            wrong += compare(Location(Property.COUNTERPART, name, mode.during), tensor, expected[name])
        yield from wrong
        if wrong:
            return


def _smallest(baseline: Baseline) -> Iterator[Finding]:
    """PyTorch's module can be trained on the smallest batch that the layer declares."""
    size = baseline.case.layer.smallest_batch
    x = normal(size, baseline.case.in_features)
    try:
        baseline.module()(x)
    except ValueError as error:
        cause = f"PyTorch's module needs more examples ({error}): set smallest_batch, so that both engines refuse smaller batches"
        yield Location(Property.COUNTERPART, "smallest_batch").finding(f"more than {size}", str(size), cause)


def _at_zero(baseline: Baseline) -> Iterator[Finding]:
    """At a kink the derivative is a convention; it must equal PyTorch's, since zeros are common in data and after a rectifier."""
    x = torch.zeros(BATCH, baseline.case.in_features, dtype=torch.float64)
    _, expected = baseline.gradients(baseline.module(), x)
    got = baseline.case.run(baseline.case.context(False), x).gradients
    for finding in compare(Location(Property.COUNTERPART, title(""), "at an input of zeros"), got[""], expected[""]):
        yield replace(finding, cause=f"at 0, where the derivative is a convention, PyTorch has another value ({finding.cause})")
