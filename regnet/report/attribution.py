"""Attribution: which of two differences between the report's framework and its baseline explains the gap in error?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from regnet.errors import ConfigError
from regnet.report.comparison import headline
from regnet.report.table import Table
from regnet.results import StudyResult
from regnet.stats import Effect, factorial_effects, paired_effect

LEVELS = (("he_fan_out", "torch_default"), ("sum", "mean"))
"""The report's choice and its baseline's, of the initializer and of the loss's reduction over outputs."""
NAMES = ("initializer", "loss reduction")
BOTH = "both at once: he_fan_out, sum → torch_default, mean"
"""The whole way from the report's framework to its baseline."""


def attribution(results: Sequence[StudyResult]) -> Table:
    """The main effects of initializer and reduction on the final error, their interaction, and both at once, paired by seed.

    Raises:
        ConfigError: the studies are not the four cells of the experiment, or no seed was trained to the end in all of them.
    """
    metric = headline(results[0])
    cells = {_cell(result): result for result in results}
    wanted = [(first, second) for first in LEVELS[0] for second in LEVELS[1]]
    if sorted(cells) != sorted(wanted) or len(results) != len(wanted):
        raise ConfigError(f"attribution takes the four studies {wanted}, got {sorted(map(_cell, results))}")
    seeds = sorted(set.intersection(*(set(result.seeds) - set(result.failures) for result in results)))
    if len(seeds) < 2:
        raise ConfigError("attribution needs at least 2 seeds that were trained to the end in all four studies")
    values = np.array([cells[cell].final.loc[seeds, metric].to_numpy() for cell in wanted]).reshape(2, 2, len(seeds))
    both = paired_effect(BOTH, values[1, 1] - values[0, 0])
    effects = (*factorial_effects(values, NAMES), both)
    note = f"Paired by seed over the {len(seeds)} seeds that all four studies have; a positive difference is a worse error."
    return Table("Effects", ("going from … to …", "change in error", "95 % interval", "p"), tuple(map(_row, effects)), (note,))


def _cell(result: StudyResult) -> tuple[str, str]:
    initializer = result.config["model"]["initializer"]
    name = initializer if isinstance(initializer, str) else initializer["name"]
    return str(name), str(result.config["loss"]["reduction"])


def _row(effect: Effect) -> tuple[str, ...]:
    levels = dict(zip(NAMES, LEVELS, strict=True)).get(effect.name)
    label = f"{effect.name}: {levels[0]} → {levels[1]}" if levels else effect.name
    change = effect.difference
    return (
        label,
        _points(change.mean),
        f"[{_points(change.low)}, {_points(change.high)}]".replace(" points,", ","),
        _probability(effect.p),
    )


def _probability(p: float) -> str:
    if math.isnan(p):
        return "–"
    return f"{p:.2g}" if p >= 1e-4 else "< 0.0001"


def _points(value: float) -> str:
    return f"{100 * value:+.3f} points"
