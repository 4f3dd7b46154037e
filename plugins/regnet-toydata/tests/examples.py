"""How the tests draw examples and write files."""

from __future__ import annotations

from collections.abc import Callable

import torch

import regnet

MakeFile = Callable[..., str]
"""Writes columns, given as keywords, into a file of the given name and returns its path."""


def draw(dataset: regnet.Dataset, seed: int = 0) -> regnet.Splits:
    return dataset.load(torch.Generator().manual_seed(seed))
