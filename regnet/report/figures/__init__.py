"""The paper's figures, redrawn for any network, data set and study: each function returns a figure, and `save` writes it."""

from regnet.report.figures.architecture import architecture
from regnet.report.figures.curves import curves
from regnet.report.figures.points import points
from regnet.report.figures.saving import save

__all__ = ["architecture", "curves", "points", "save"]
