"""The PyTorch engine: the same network as a user of PyTorch would write it. It is the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from regnet.contracts import Buffer, Context, Layer, Params
from regnet.engines import Trainer, load_optimizer_state
from regnet.errors import ConfigError, ShapeError
from regnet.network.parameters import leaves, rebuild
from regnet.rng import Noise
from regnet.study.study import Study


class AutogradLayer(nn.Module):
    """A layer without a counterpart in torch.nn: its own `forward`, differentiated by autograd instead of by `backward`."""

    def __init__(self, layer: Layer, start: Params, noise: Noise) -> None:
        super().__init__()
        self._layer = layer
        self._contexts = {training: Context(training=training, noise=noise) for training in (True, False)}
        self._attributes: list[tuple[tuple[str, ...], str]] = []
        """For each tensor, its path in the tree of parameters and its name as an attribute of the module."""
        for path, leaf in leaves(start):
            name = "__".join(path)  # a module's parameters cannot have dots in their names
            self._attributes.append((path, name))
            if isinstance(leaf, Buffer):
                self.register_buffer(name, leaf.value.clone())
            else:
                self.register_parameter(name, nn.Parameter(leaf.clone()))
        self._branches = start

    def forward(self, x: Tensor) -> Tensor:
        params = rebuild(self._branches, {path: getattr(self, name) for path, name in self._attributes})
        return self._layer.forward(params, x, self._contexts[self.training])[0]

    def named_weights(self) -> dict[str, Tensor]:
        return {".".join(path): getattr(self, name) for path, name in self._attributes}


class TorchTrainer(Trainer):
    """Trains one seed with nn.Module, autograd and torch.optim, using the PyTorch counterparts that components name.

    A layer or a loss without a counterpart runs its `forward` under autograd; an optimizer without one updates each parameter
    from autograd's gradients.
    """

    def __init__(self, study: Study, seeds: Sequence[int], starts: Sequence[Params]) -> None:
        if len(seeds) != 1:
            raise ConfigError(f"the torch engine trains one seed at a time, got {len(seeds)}: set replicas=solo")
        self._noise = Noise(seeds, replica_axis=False)
        self._module = _module(study, starts[0], self._noise).to(study.device, study.dtype)
        self._criterion = study.loss.torch_loss(nn) or study.loss.forward
        parameters = list(self._module.parameters())
        self._optimizer = study.optimizer.torch_optimizer(torch.optim, parameters) or HandbuiltOptimizer(study, parameters)

    def train_epoch(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        self._module.train()
        for x, target in batches:
            self._optimizer.zero_grad()
            loss = self._criterion(self._forward(x), target)
            loss.backward()
            self._optimizer.step()

    def _forward(self, x: Tensor) -> Tensor:
        try:
            return self._module(x)  # type: ignore[no-any-return]
        except ValueError as error:  # such as that of BatchNorm1d for a batch of one example
            raise ShapeError(f"the torch engine cannot take a batch of shape {tuple(x.shape)}: {error}") from error

    def predict(self, x: Tensor) -> Tensor:
        self._module.eval()
        with torch.no_grad():
            return self._module(x)  # type: ignore[no-any-return]

    def weights(self, replica: int) -> dict[str, Tensor]:
        named: dict[str, Tensor] = {}
        for index, module in enumerate(self._module):
            tensors = module.named_weights() if isinstance(module, AutogradLayer) else module.state_dict()
            kept = {name: tensor for name, tensor in tensors.items() if name != "num_batches_tracked"}
            named |= {f"{index}.{name}": tensor.detach().clone() for name, tensor in kept.items()}
        return named

    def state(self) -> dict[str, Any]:
        return {"module": self._module.state_dict(), "optimizer": self._optimizer.state_dict(), "noise": self._noise.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._module.load_state_dict(state["module"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._noise.load_state(state["noise"])


class HandbuiltOptimizer:
    """An optimizer without a counterpart in torch.optim, applied to each parameter's gradient from autograd."""

    def __init__(self, study: Study, parameters: Sequence[Tensor]) -> None:
        self._optimizer = study.optimizer
        self._parameters = [(parameter, self._optimizer.init(parameter.detach())) for parameter in parameters]

    def zero_grad(self) -> None:
        for parameter, _ in self._parameters:
            parameter.grad = None

    def step(self) -> None:
        with torch.no_grad():
            for parameter, state in self._parameters:
                if parameter.grad is not None:
                    self._optimizer.update(parameter, parameter.grad, state)

    def state_dict(self) -> dict[str, Any]:
        return {"parameters": [state for _, state in self._parameters]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for (_, own), kept in zip(self._parameters, state["parameters"], strict=True):
            load_optimizer_state(own, kept)


def _module(study: Study, start: Params, noise: Noise) -> nn.Sequential:
    modules = []
    features = study.features
    with torch.random.fork_rng(devices=[]):  # the constructors of torch.nn draw from the global generator
        for index, layer in enumerate(study.network.layers):
            params = start[str(index)]
            module = layer.torch_module(nn, features)
            if module is None:
                module = AutogradLayer(layer, params, noise)
            else:
                values = {name: leaf.value if isinstance(leaf, Buffer) else leaf for (name,), leaf in leaves(params)}
                module.load_state_dict(module.state_dict() | values)
            modules.append(module)
            _, features = layer.init(features, torch.Generator())
    return nn.Sequential(*modules)
