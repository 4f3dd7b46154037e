"""Attribution: which differences between the paper's framework and its baseline explain the gap in error?"""

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
    """A choice between two levels, the paper's first."""

    name: str
    key: tuple[str, str]
    """The group and the option of the configuration that make the choice."""
    levels: Mapping[str, str]
    """The name of each level, by its value in the configuration."""

    def level(self, config: Mapping[str, Any]) -> str:
        """Return the configuration's value."""
        value = config.get(self.key[0], {}).get(self.key[1])
        return str(value["name"] if isinstance(value, Mapping) else value)

    @property
    def way(self) -> str:
        """The change from the first level to the second."""
        return " → ".join(self.levels.values())


FACTORS = (
    Factor("data", ("streams", "data"), {"seed": "redrawn", "0": "fixed"}),
    Factor("initializer", ("model", "initializer"), {"he_fan_out": "he_fan_out", "torch_default": "torch_default"}),
    Factor("loss reduction", ("loss", "reduction"), {"sum": "sum", "mean": "mean"}),
)


NOT_LEARNED = 0.25
"""A network with at least this error did not learn: guessing between two classes has an error of 0.5."""


@dataclass(frozen=True)
class Findings:
    """The effect of each choice on the final error of some seeds, and the interactions of the choices."""

    title: str
    effects: tuple[Effect, ...]
    labels: tuple[str, ...]
    """The name of each effect, with its levels."""
    notes: tuple[str, ...]
    """Notes to show below the table."""

    @property
    def table(self) -> Table:
        """A table with a row for each effect."""
        rows = tuple(_row(label, effect) for label, effect in zip(self.labels, self.effects, strict=True))
        return Table(self.title, ("going from … to …", "change in error", "95 % interval", "p"), rows, self.notes)

    @property
    def answer(self) -> tuple[str, ...]:
        """One sentence for the effects that are clear, and one for those that are not."""
        rows = list(zip(self.labels, self.effects, strict=True))
        clear = [f"{label} ({_points(effect.difference.mean)})" for label, effect in rows if _is_clear(effect)]
        unclear = [label for label, effect in rows if not _is_clear(effect)]
        sentences = (("Changes the error, by an interval that leaves out zero", clear), ("Not shown to change it", unclear))
        return tuple(f"{start}: {'; '.join(names)}." for start, names in sentences if names)


@dataclass(frozen=True)
class Attribution:
    """What explains the gap: over all seeds; over those whose networks learned, if some did not; and by chance."""

    whole: Findings
    learned: Findings | None
    chance: Table | None
    """How tables of twenty rounds vary; None unless the data were both regenerated for every seed and fixed."""

    @property
    def clearest(self) -> Findings:
        """The findings over the networks that learned, if some did not: one that did not weighs as much as fifty others."""
        return self.learned or self.whole

    @property
    def tables(self) -> tuple[Table, ...]:
        """All the tables."""
        findings = (self.whole, self.learned) if self.learned else (self.whole,)
        return (*(each.table for each in findings), *filter(None, [self.chance]))


def attribution(results: Sequence[StudyResult]) -> Attribution:
    """Return the effects on the final error of the choices in which the studies differ, paired by seed.

    These are the main effects, all interactions, and the total change from the paper's framework to its baseline, which is
    initializer and reduction at once: over all data, or for regenerated and fixed data separately.

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
    """Return the attribution for the errors ``(cells, n)`` of these seeds."""
    levels = (2,) * len(varied)
    learned = (values < NOT_LEARNED).all(0)
    kept = values[:, learned].reshape(*levels, -1)
    note = f"Paired by seed over the {len(seeds)} seeds that all studies have; a positive difference is a worse error."
    alone = "p and interval of each effect are for itself: nothing is corrected for there being several."
    one_set = "What fixing the data does, and every effect with fixed data, is known for the one data set that was fixed alone."
    notes = (note, alone, one_set) if FACTORS[0] in varied else (note, alone)
    whole = _findings("Effects", varied, values.reshape(*levels, -1), notes)
    if learned.all() or learned.sum() < 2:
        return Attribution(whole, None, _chance(varied, kept))
    lost = [seed for seed, success in zip(seeds, np.asarray(learned).tolist(), strict=True) if not success]
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
    """Return the total change from the paper's framework to its baseline, if both of their differences were varied."""
    data, *rest = FACTORS
    if [factor for factor in varied if factor is not data] != rest:
        return []
    first, last = (" and ".join(list(factor.levels)[level] for factor in rest) for level in (0, 1))
    name = f"both at once: {first} → {last}"
    if data not in varied:
        return [paired_effect(name, values[1, 1] - values[0, 0])]
    return [
        paired_effect(f"{name}, data {level}", values[index, 1, 1] - values[index, 0, 0])
        for index, level in enumerate(data.levels.values())
    ]


def _is_clear(effect: Effect) -> bool:
    """Return whether the effect's interval leaves out zero."""
    return effect.difference.low * effect.difference.high > 0


def _row(label: str, effect: Effect) -> tuple[str, ...]:
    change = effect.difference
    around = f"[{_points(change.low)}, {_points(change.high)}]".replace(" points,", ",")
    return label, _points(change.mean), around, "–" if math.isnan(effect.p) else p_value(effect.p)


def _points(value: float) -> str:
    return f"{100 * value:+.3f} points"
