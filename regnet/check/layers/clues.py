"""The results of common mistakes in a layer's backward: computed only after a gradient was found to be wrong."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from regnet.check.diagnosis import Clues
from regnet.check.finding import Skip
from regnet.check.formulas import wrong_formulas
from regnet.check.layers.case import BATCH
from regnet.check.layers.evidence import Measured
from regnet.check.layers.start import named

LAYER_FACTORS = {
    float(BATCH): "gradient summed over the batch twice",
    1 / BATCH: "averaged over the batch twice: the loss divides by the batch size already, so a layer must sum",
    BATCH / (BATCH - 1): "divided by B - 1 where B is meant",
    (BATCH - 1) / BATCH: "divided by B where B - 1 is meant",
}
"""Factors by which a layer's gradient is often off."""


def gradient_clues(at: Measured, name: str, right: Tensor) -> Clues:
    """Clues about the gradient of the parameter `name`, or with "" of the input; `right` is the right gradient."""
    suspects = [*_alone(at, name), *_by_autograd(at, name)]
    if name:
        return Clues(LAYER_FACTORS, suspects, {f"the parameter {name} itself": named(at.case.params)[name]})
    if _is_elementwise(at):
        suspects += wrong_formulas(right, at.dy, at.x, at.y)
    centred = at.x - at.x.mean(-1, keepdim=True)
    terms = {"dy": at.dy, "the input": at.x, "the centred input": centred, "the output": at.y}
    return Clues(LAYER_FACTORS, suspects, terms, {"the input": at.x, "the output": at.y})


def _alone(at: Measured, name: str) -> Iterator[tuple[str, Tensor]]:
    if name:
        yield "equals dy summed over the batch: the factor that dy is multiplied by is missing", at.dy.sum(-2)
    elif at.dy.shape == at.x.shape:
        yield "equals dy, as if the layer were the identity: the derivative of forward is missing", at.dy


def _by_autograd(at: Measured, name: str) -> Iterator[tuple[str, Tensor]]:
    """The gradients of functions that are easily confused with the right one."""
    only = torch.zeros_like(at.dy)
    try:
        ones = torch.ones_like(at.dy)
        yield "dy is not used: this is the gradient of the sum of the outputs", at.case.autograd(at.training, at.x, ones)[name]
        for words, index in (("first", 0), ("last", -1)):
            only.zero_()[index] = at.dy[index]
            yield f"counts the {words} example of the batch only", at.case.autograd(at.training, at.x, only)[name]
        if at.y.shape == at.x.shape:
            at_output = at.case.autograd(at.training, at.y, at.dy)[name]
            yield "takes the derivative at the output y instead of at the input x", at_output
        other_mode = "predicting" if at.training else "training"
        yield f"takes the gradient as while {other_mode}", at.case.autograd(not at.training, at.x, at.dy)[name]
    except Skip:
        return


def _is_elementwise(at: Measured) -> bool:
    """Whether each number of the output depends only on the input at the same index."""
    if at.dy.shape != at.x.shape:
        return False
    only = torch.zeros_like(at.dy)
    only[0, 0] = at.dy[0, 0]
    try:
        return at.case.autograd(at.training, at.x, only)[""].count_nonzero().item() <= 1
    except Skip:
        return True
