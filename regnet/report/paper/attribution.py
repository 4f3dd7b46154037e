"""Attribution: which of the differences between the report's framework and its baseline explain the gap in error?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from regnet.errors import ConfigError
from regnet.report.paper.expected_spread import Sides, chance
from regnet.report.tables.table import Table
from regnet.stats import Effect, factorial_effects, paired_effect
from regnet.stats.wording import p_value
from regnet.study.result import StudyResult


@dataclass(frozen=True)
class Factor:
    """A choice between two levels, the report's first."""

    name: str
    place: tuple[str, str]
    """Where in the configuration it is made."""
    levels: Mapping[str, str]
    """What to call each level, by its value in the configuration."""

    def level(self, config: Mapping[str, Any]) -> str:
        """The configuration's value."""
        value = config.get(self.place[0], {}).get(self.place[1])
        return str(value["name"] if isinstance(value, Mapping) else value)

    @property
    def way(self) -> str:
        """From the first level to the second."""
        return " → ".join(self.levels.values())


FACTORS = (
    Factor("data", ("dataset", "redraw"), {"True": "redrawn", "False": "fixed"}),
    Factor("initializer", ("model", "initializer"), {"he_fan_out": "he_fan_out", "torch_default": "torch_default"}),
    Factor("loss reduction", ("loss", "reduction"), {"sum": "sum", "mean": "mean"}),
)


NOT_LEARNED = 0.25
"""A network with this error or more is half way to guessing between two classes."""


@dataclass(frozen=True)
class Findings:
    """What each choice does to the final error of some seeds, and what the choices do only together."""

    title: str
    effects: tuple[Effect, ...]
    labels: tuple[str, ...]
    """What to call each effect, with its levels."""
    notes: tuple[str, ...]
    """What a reader must know beside the numbers."""

    @property
    def table(self) -> Table:
        """A row for each effect."""
        rows = tuple(_row(label, effect) for label, effect in zip(self.labels, self.effects, strict=True))
        return Table(self.title, ("going from … to …", "change in error", "95 % interval", "p"), rows, self.notes)

    @property
    def answer(self) -> tuple[str, ...]:
        """Which effects are clear and which are not, in a sentence each."""
        rows = list(zip(self.labels, self.effects, strict=True))
        clear = [f"{label} ({_points(one.difference.mean)})" for label, one in rows if one.difference.low * one.difference.high > 0]
        others = [label for label, one in rows if one.difference.low * one.difference.high <= 0]
        said = (("Changes the error, by an interval that leaves out zero", clear), ("Not shown to change it", others))
        return tuple(f"{words}: {'; '.join(some)}." for words, some in said if some)


@dataclass(frozen=True)
class Attribution:
    """What explains the gap: over all seeds; over those whose networks learned, where some did not; and what chance explains."""

    whole: Findings
    learned: Findings | None
    chance: Table | None
    """What twenty rounds would show, which takes the data both redrawn and fixed."""

    @property
    def clearest(self) -> Findings:
        """Those of the networks that learned: one that did not counts for as much as fifty others."""
        return self.learned or self.whole

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        findings = (self.whole, self.learned) if self.learned else (self.whole,)
        return (*(one.table for one in findings), *filter(None, [self.chance]))


def attribution(results: Sequence[StudyResult]) -> Attribution:
    """The effects on the final error of those choices in which the studies differ, paired by seed.

    Main effects, all interactions, and the whole way from the report's framework to its baseline, initializer and reduction at
    once: over all the data, or for each way of drawing them.

    Raises:
        ConfigError: the studies are not all combinations of two or three of these choices, or no two seeds were trained to the
            end in all of them.
    """
    varied = tuple(factor for factor in FACTORS if len({_level(factor, result) for result in results}) > 1)
    cells = {tuple(_level(factor, result) for factor in varied): result for result in results}
    wanted = list(product(*(factor.levels for factor in varied)))
    if len(varied) < 2 or set(cells) != set(wanted) or len(results) != len(wanted):
        expected = " × ".join(f"{factor.name} ({', '.join(factor.levels)})" for factor in FACTORS)
        got = ", ".join("/".join(_level(factor, result) for factor in FACTORS) for result in results)
        raise ConfigError(f"attribution takes a study for each combination of {expected}, or of two of these; got {got}")
    seeds = sorted(set.intersection(*(set(result.seeds) - set(result.failures) for result in results)))
    if len(seeds) < 2:
        raise ConfigError(f"attribution needs at least 2 seeds that were trained to the end in all {len(results)} studies")
    values = np.array([cells[cell].final.loc[seeds, results[0].headline].to_numpy() for cell in wanted])
    return _attribution(varied, values, seeds)


def _attribution(varied: tuple[Factor, ...], values: np.ndarray, seeds: Sequence[int]) -> Attribution:
    """From the errors ``(cells, n)`` of these seeds."""
    levels = (2,) * len(varied)
    learned = (values < NOT_LEARNED).all(0)
    kept = values[:, learned].reshape(*levels, -1)
    note = f"Paired by seed over the {len(seeds)} seeds that all studies have; a positive difference is a worse error."
    alone = "p and interval of each effect are for itself: nothing is corrected for there being several."
    one_set = "What fixing the data does is known for the one data set that was fixed: its interval is not about others."
    notes = (note, alone, one_set) if FACTORS[0] in varied else (note, alone)
    whole = _findings("Effects", varied, values.reshape(*levels, -1), notes)
    if learned.all() or learned.sum() < 2:
        return Attribution(whole, None, _chance(varied, kept))
    lost = [seed for seed, well in zip(seeds, np.asarray(learned).tolist(), strict=True) if not well]
    why = (
        f"Without seed{'s' * (len(lost) > 1)} {', '.join(map(str, lost))}: there the network of at least one study did not learn; "
        f"it is wrong on {100 * NOT_LEARNED:g} % of the test examples or more, where guessing is on 50 %."
    )
    title = f"Effects among the {learned.sum()} seeds whose networks all learned"
    return Attribution(whole, _findings(title, varied, kept, (why,)), _chance(varied, kept))


def _findings(title: str, varied: Sequence[Factor], values: np.ndarray, notes: tuple[str, ...]) -> Findings:
    effects = factorial_effects(values, tuple(factor.name for factor in varied))
    ways = [f"{factor.name}: {factor.way}" for factor in varied]
    whole = _whole_way(varied, values)
    labels = (*ways, *(effect.name for effect in (*effects[len(varied) :], *whole)))
    return Findings(title, (*effects, *whole), labels, notes)


def _chance(varied: tuple[Factor, ...], values: np.ndarray) -> Table | None:
    return chance(*(Sides(by_data[0, 0], by_data[1, 1]) for by_data in values)) if varied == FACTORS else None


def _level(factor: Factor, result: StudyResult) -> str:
    return factor.level(result.config)


def _whole_way(varied: Sequence[Factor], values: np.ndarray) -> list[Effect]:
    """From the report's framework to its baseline, where both of what they differ in were varied."""
    data, *others = FACTORS
    if [factor for factor in varied if factor is not data] != others:
        return []
    first, last = (" and ".join(list(factor.levels)[level] for factor in others) for level in (0, 1))
    name = f"both at once: {first} → {last}"
    if data not in varied:
        return [paired_effect(name, values[1, 1] - values[0, 0])]
    return [
        paired_effect(f"{name}, data {said}", values[place, 1, 1] - values[place, 0, 0])
        for place, said in enumerate(data.levels.values())
    ]


def _row(label: str, effect: Effect) -> tuple[str, ...]:
    change = effect.difference
    around = f"[{_points(change.low)}, {_points(change.high)}]".replace(" points,", ",")
    return label, _points(change.mean), around, "–" if math.isnan(effect.p) else p_value(effect.p)


def _points(value: float) -> str:
    return f"{100 * value:+.3f} points"
