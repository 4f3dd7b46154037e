"""Early stopping: a seed that no longer improves ends its training; off unless `early_stopping.patience` is set."""

from __future__ import annotations

from regnet_early_stopping.plugin import EarlyStopping
from regnet_early_stopping.settings import Settings

__all__ = ["EarlyStopping", "Settings", "plugin"]

plugin = EarlyStopping()
"""What the entry point names."""
