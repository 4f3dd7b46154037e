"""Known patterns in a wrong tensor: transposed, wrong in one region, a missing term of a sum, a wrong shape."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import torch
from torch import Tensor

ROUNDING = 1e-6
"""How far a tensor may be from its explanation, relative to the largest number."""


def alike(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same shape and, up to rounding, the same numbers."""
    if a.shape != b.shape or not a.numel():
        return False
    largest = max(a.abs().max().item(), b.abs().max().item())
    return bool((a - b).abs().max().item() <= ROUNDING * largest)


def number(value: float) -> str:
    """A positive number as a short text: ``2``, ``1/7``, ``0.1``, ``0.3162``."""
    fraction = Fraction(value).limit_denominator(60)
    if abs(float(fraction) / value - 1) < ROUNDING and fraction.numerator <= 60 and fraction.denominator % 10:
        return str(fraction)
    return f"{value:.4g}"


def shape_cause(got: Tensor, expected: Tensor) -> str:
    """The likely cause of a wrong shape: from the numbers if they fit, otherwise from the shapes alone."""
    if got.dim() >= 2 and alike(got.mT, expected):
        return "transposed"
    if got.numel() == expected.numel() and alike(got.reshape(expected.shape), expected):
        return "the right numbers in another shape: an axis of length 1 too many or too few (keepdim, unsqueeze, squeeze)"
    for axis in range(-got.dim(), 0):
        if alike(got.sum(axis), expected):
            return f"not summed over axis {axis}"
    for axis in range(-expected.dim(), 0):
        if alike(got, expected.sum(axis)):
            return f"summed over axis {axis}, which should be kept"
    if got.dim() >= 2 and got.mT.shape == expected.shape:
        return "the last two axes are swapped"
    return "a wrong shape: a sum over the wrong axis, or an unintended broadcast"


def arrangement(got: Tensor, expected: Tensor) -> str | None:
    """How the right numbers are arranged in the wrong order; None if they are not the right numbers."""
    if got.dim() >= 2:
        if got.mT.shape == got.shape and alike(got.mT, expected):
            return "transposed"
        if alike(got, expected.mT.reshape(expected.shape)) or alike(got, expected.reshape(expected.mT.shape).mT):
            return "reshaped where it should be transposed"
    for axis in range(-got.dim(), 0):
        if alike(got, expected.flip(axis)):
            return f"in reverse order along axis {axis}"
    if got.numel() > 1 and alike(got.flatten().sort().values, expected.flatten().sort().values):
        return "permuted: the right numbers in the wrong positions"
    return None


def region(got: Tensor, expected: Tensor, given: Mapping[str, Tensor]) -> str | None:
    """Where exactly the wrong numbers are: where a given tensor is negative or positive, or at some positions of an axis.

    None if neither describes them exactly.
    """
    wrong = ~torch.isclose(got, expected, rtol=10 * ROUNDING, atol=1e-9)
    if wrong.all() or not wrong.any():
        return None
    for name, tensor in given.items():
        if tensor.shape == wrong.shape:
            for sign, mask in (("negative", tensor < 0), ("positive", tensor > 0)):
                if torch.equal(wrong, mask):
                    return f"where {name} is {sign}"
    return next(filter(None, (_positions(wrong, axis) for axis in range(-wrong.dim(), 0))), None)


def _positions(wrong: Tensor, axis: int) -> str | None:
    """Which positions along the axis are wrong, if each is entirely wrong or entirely right."""
    across = wrong.movedim(axis, 0).reshape(wrong.shape[axis], -1)
    if not torch.equal(across.any(1), across.all(1)):
        return None
    at = across.any(1).nonzero().flatten().tolist()
    return f"at {', '.join(map(str, at))} of the {wrong.shape[axis]} positions along axis {axis}"


def missing_term(difference: Tensor, terms: Mapping[str, Tensor]) -> str | None:
    """Which term of a sum is missing or superfluous, where `difference` is the wrong tensor minus the right one.

    Tries terms with one coefficient for the whole tensor first, then with one for each example (axis -1) or each feature
    (axis -2): the difference that a missing sum or mean within a derivative makes.
    """
    ones = torch.ones_like(difference)
    fitting = {name: term.double() for name, term in terms.items() if term.shape == difference.shape}
    if difference.numel() > 2:
        for name, term in {"a constant": ones, **fitting}.items():
            coefficient = ((difference * term).sum() / term.square().sum()).item()
            if coefficient and alike(difference, coefficient * term):
                return _one_coefficient(name, coefficient)
    for axis, each, over in ((-1, "each example", "the features"), (-2, "each feature", "the batch")):
        if difference.dim() >= -axis and difference.shape[axis] > 3:
            for name, basis in {"a constant": [ones], **{name: [term] for name, term in fitting.items()}}.items():
                if _spanned(difference, basis, axis):
                    return f"a term with a sum or mean over {over} is missing or wrong: off by a multiple of {name} for {each}"
            if "the input" in fitting and _spanned(difference, [ones, fitting["the input"]], axis):
                return f"terms with the mean and the deviation over {over} are missing: both depend on the input, in {each}"
    return None


def _one_coefficient(name: str, coefficient: float) -> str:
    if name == "a constant":
        return f"off by the constant {'-' if coefficient < 0 else ''}{number(abs(coefficient))}"
    if abs(abs(coefficient) - 1) < ROUNDING:
        return f"{name} is missing as a term" if coefficient < 0 else f"{name} is one term too many"
    return f"a multiple of {name} is missing or too much: off by {number(abs(coefficient))} times {name}"


def _spanned(difference: Tensor, basis: list[Tensor], axis: int) -> bool:
    """Whether the difference along the axis is a linear combination of the basis, with separate coefficients at each position."""
    columns = torch.stack([term.movedim(axis, -1) for term in basis], -1)
    wanted = difference.movedim(axis, -1).unsqueeze(-1)
    coefficients = torch.linalg.lstsq(columns, wanted).solution
    return alike(columns @ coefficients, wanted)
