"""A helper that draws examples."""

from __future__ import annotations

import torch

import regnet


def draw(dataset: regnet.Dataset, seed: int = 0) -> regnet.Splits:
    return dataset.load(torch.Generator().manual_seed(seed))
