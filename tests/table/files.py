"""Helpers that write small tables and draw their examples."""

from __future__ import annotations

from collections.abc import Callable

import torch

import regnet

MakeFile = Callable[..., str]
"""Writes the columns given as keyword arguments into a file and returns its path."""


def draw(dataset: regnet.Dataset, seed: int = 0) -> regnet.Splits:
    return dataset.load(torch.Generator().manual_seed(seed))
