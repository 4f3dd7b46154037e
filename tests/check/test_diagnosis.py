"""The most likely cause of a wrong tensor: common mistakes are identified, random numbers are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from regnet.check.diagnosis import UNKNOWN, Clues, diagnose
from regnet.check.patterns import number

FACTORS = {7.0: "not averaged over the batch", 1 / 7: "averaged over the batch twice"}


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, DY = normal(7, 5, seed=2), normal(7, 5, seed=3)
CLUES = Clues(FACTORS, [("dy alone", DY)], {"dy": DY, "the input": X}, {"the input": X})

MISTAKES: list[tuple[str, Callable[[Tensor], Tensor], str]] = [
    ("twice", lambda right: 2 * right, "off by a factor 2"),
    ("half", lambda right: right / 2, "off by a factor 1/2"),
    ("batch", lambda right: 7 * right, "off by a factor 7: not averaged over the batch"),
    ("averaged", lambda right: right / 7, "off by a factor 1/7: averaged over the batch twice"),
    ("odd factor", lambda right: 0.2345 * right, "off by a factor 0.2345"),
    ("flipped", lambda right: -right, "sign flipped"),
    ("flipped and twice", lambda right: -2 * right, "sign flipped, and off by a factor 2"),
    ("zero", torch.zeros_like, "all zeros"),
    ("NaN", lambda right: right.log(), "not finite"),
    ("suspect", lambda right: DY.clone(), "dy alone"),
    ("reversed", lambda right: right.flip(0), "in reverse order along axis -2"),
    ("permuted", lambda right: right[[1, 0, 2, 3, 4, 6, 5]], "permuted"),
    ("reshaped", lambda right: right.reshape(5, 7), "the right numbers in another shape"),
    ("transposed", lambda right: right.mT, "transposed"),
    ("mangled", lambda right: right.mT.reshape(7, 5), "reshaped where it should be transposed"),
    ("kept", lambda right: right.unsqueeze(-1), "an axis of length 1 too many or too few"),
    ("summed", lambda right: right.sum(0), "summed over axis -2, which should be kept"),
    ("constant", lambda right: right + 0.3, "off by the constant 0.3"),
    ("below", lambda right: right - 2, "off by the constant -2"),
    ("missing", lambda right: right - DY, "dy is missing as a term"),
    ("too much", lambda right: right + DY, "dy is one term too many"),
    ("share", lambda right: right + X / 4, "off by 1/4 times the input"),
    ("mean over features", lambda right: right + normal(7, 1, seed=9), "a term with a sum or mean over the features"),
    (
        "mean over batch",
        lambda right: right + X * normal(5, seed=9),
        "a term with a sum or mean over the batch is missing or wrong",
    ),
    (
        "where negative",
        lambda right: torch.where(X < 0, 0.5 * right, right),
        "wrong only where the input is negative, and there",
    ),
    ("one column", lambda right: right * torch.tensor([1, 1, 1, 4, 1]), "wrong only at 3 of the 5 positions along axis -1"),
    ("one row", lambda right: torch.cat([right[:6], right[:1]]), "wrong only at 6 of the 7 positions along axis -2"),
    ("single precision", lambda right: right.float().double(), "right up to a relative error of"),
    ("anything", lambda right: normal(7, 5, seed=20), UNKNOWN),
    ("any shape", lambda right: normal(3), "a wrong shape"),
]


@pytest.mark.parametrize(("mistake", "words"), [pytest.param(m, w, id=name) for name, m, w in MISTAKES])
def test_common_mistakes_are_identified(mistake: Callable[[Tensor], Tensor], words: str) -> None:
    right = normal(7, 5)
    assert words in diagnose(mistake(right), right, CLUES)


def test_a_square_matrix_transposed() -> None:
    right = normal(4, 4)
    assert diagnose(right.mT, right) == "transposed"


def test_not_summed() -> None:
    assert diagnose(X, X.sum(-2)) == "not summed over axis -2"


def test_expected_zeros() -> None:
    assert diagnose(X, torch.zeros_like(X)) == "should be zero everywhere"


def test_factor_of_a_single_number() -> None:
    """Any number is a multiple of any other."""
    assert diagnose(torch.tensor([0.3]), torch.tensor([0.7])) == UNKNOWN
    assert diagnose(torch.tensor([1.4]), torch.tensor([0.7])) == "off by a factor 2"
    assert diagnose(torch.tensor([4.9]), torch.tensor([0.7]), CLUES) == "off by a factor 7: not averaged over the batch"


@pytest.mark.parametrize("seed", range(30))
def test_random_numbers_have_no_cause(seed: int) -> None:
    right, wrong = normal(7, 5, seed=100 + seed), normal(7, 5, seed=200 + seed)
    assert diagnose(wrong, right, CLUES) == UNKNOWN


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2"), (0.5, "1/2"), (1 / 7, "1/7"), (1 / 21, "1/21"), (0.1, "0.1"), (0.31622, "0.3162"), (1e-5, "1e-05")],
)
def test_numbers_as_text(value: float, text: str) -> None:
    assert number(value) == text
