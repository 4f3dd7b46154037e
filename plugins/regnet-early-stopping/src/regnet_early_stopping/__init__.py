"""Early stopping: stop training a seed that no longer improves; off unless `early_stopping.patience` is set."""

from __future__ import annotations

from regnet_early_stopping.plugin import EarlyStopping
from regnet_early_stopping.settings import Settings

__all__ = ["EarlyStopping", "Settings", "plugin"]

plugin = EarlyStopping()
"""The object that the entry point refers to."""
