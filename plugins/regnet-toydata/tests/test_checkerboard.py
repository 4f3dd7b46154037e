"""Checkerboard: XOR with two cells, and the pattern with more cells."""

from __future__ import annotations

import pytest
import torch
from examples import draw
from regnet_toydata import Checkerboard

COUNT = 40_000


def test_two_cells_a_side_are_xor() -> None:
    corners = torch.tensor([[0.2, 0.2], [0.2, 0.8], [0.8, 0.2], [0.8, 0.8]])
    assert Checkerboard(cells=2).label(corners).tolist() == [0, 1, 1, 0]


def test_a_board_of_three() -> None:
    centres = torch.tensor([[(column + 0.5) / 3, (row + 0.5) / 3] for row in range(3) for column in range(3)])
    assert Checkerboard(cells=3).label(centres).tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize(("cells", "ones"), [(2, 1 / 2), (3, 4 / 9), (4, 1 / 2), (5, 12 / 25)])
def test_points_are_uniform_and_labelled(cells: int, ones: float) -> None:
    board = Checkerboard(cells=cells, train_size=COUNT)
    split = draw(board).train
    assert torch.equal(split.y, board.label(split.x))
    assert split.y.double().mean().item() == pytest.approx(ones, abs=5 * 0.5 / COUNT**0.5)
    assert ((split.x >= 0) & (split.x < 1)).all()
    assert (split.x.double().mean(0) - 0.5).abs().max().item() < 0.01
