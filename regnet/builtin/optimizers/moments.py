"""The two running means that Adam and AdamW share."""

from __future__ import annotations

import torch
from torch import Tensor

from regnet.contracts import State, complement


def zero_moments(parameters: Tensor) -> State:
    """The state of Adam before its first step."""
    return {
        "step": parameters.new_zeros(()),
        "mean": torch.zeros_like(parameters),
        "square": torch.zeros_like(parameters),
    }


def adam_direction(gradients: Tensor, state: State, beta1: float, beta2: float, eps: float) -> Tensor:
    """Moves the moments in place by one step and returns ``m̂ / (√v̂ + eps)``, of the shape of `gradients`."""
    step = state["step"].add_(1)
    mean = state["mean"].mul_(beta1).add_(complement(beta1, gradients.dtype) * gradients)
    square = state["square"].mul_(beta2).add_(complement(beta2, gradients.dtype) * gradients.square())
    unbiased_mean = mean / (1 - beta1**step)
    unbiased_square = square / (1 - beta2**step)
    return unbiased_mean / (unbiased_square.sqrt() + eps)


def zero_maximum(parameters: Tensor) -> State:
    """What AMSGrad keeps besides the moments, before the first step."""
    return {"largest_square": torch.zeros_like(parameters)}


def amsgrad_direction(state: State, beta1: float, beta2: float, eps: float) -> Tensor:
    """``m̂ / (√v̂ + eps)`` from moments that `adam_direction` has moved, with the largest `v` so far, updated in place, for `v`."""
    step = state["step"]
    largest = torch.maximum(state["largest_square"], state["square"], out=state["largest_square"])
    unbiased_mean = state["mean"] / (1 - beta1**step)
    return unbiased_mean / ((largest / (1 - beta2**step)).sqrt() + eps)
