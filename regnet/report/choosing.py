"""Choosing among studies by a metric: the best of each group, and which of its settings lie at the edge of what was tried."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from regnet.errors import ConfigError, one_of
from regnet.study.final import final_summary
from regnet.study.flatten import flatten
from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.study.result import StudyResult


@dataclass(frozen=True)
class Chosen:
    """A study that was chosen as one of the best of its group."""

    result: StudyResult
    among: int
    """The number of studies in its group."""
    edges: tuple[str, ...]
    """What lies at the edge of the values that were tried, in words."""


def choose(
    results: Sequence[StudyResult], split: str, group_of: Callable[[StudyResult], Hashable], top: int = 1
) -> tuple[Chosen, ...]:
    """Return the studies with the best means of their headline on a split, so many of each group, in the order of the results.

    Raises:
        ConfigError: a study did not measure it.
    """
    groups: dict[Hashable, list[StudyResult]] = {}
    for result in results:
        groups.setdefault(group_of(result), []).append(result)
    kept = {chosen.result.identity: chosen for group in groups.values() for chosen in _best(group, split, top)}
    return tuple(kept[result.identity] for result in results if result.identity in kept)


def setting(name: str, results: Sequence[StudyResult]) -> Callable[[StudyResult], str]:
    """Return a function that returns a study's value of a setting, given by its dotted name or that of a component.

    Raises:
        ConfigError: no study has such a setting.
    """
    known = {key.removesuffix(".name") if key.endswith(".name") else key for result in results for key in flatten(result.config)}
    if name not in known:
        raise ConfigError(f"no study has a setting {name!r}: {one_of(name, known)}")

    def value(result: StudyResult) -> str:
        flat = flatten(result.config)
        return str(flat.get(name, flat.get(f"{name}.name", "")))

    return value


def all_but(names: Sequence[str], results: Sequence[StudyResult]) -> Callable[[StudyResult], Hashable]:
    """Return a function that returns a study's configuration without some settings: studies that differ in these are one group.

    Raises:
        ConfigError: no study has one of the settings.
    """
    for name in names:
        setting(name, results)

    def rest(result: StudyResult) -> Hashable:
        flat = flatten({key: value for key, value in result.config.items() if key not in SEED_KEYS | PRESENTATION_KEYS})
        return tuple(sorted((key, str(value)) for key, value in flat.items() if key.removesuffix(".name") not in names))

    return rest


def _best(group: Sequence[StudyResult], split: str, top: int) -> list[Chosen]:
    ranked = sorted(group, key=lambda result: _rank(result, split))
    return [Chosen(result, len(group), tuple(_edges(result, group))) for result in ranked[:top]]


def _rank(result: StudyResult, split: str) -> float:
    """Return a number that is smaller for better studies; infinite if every seed failed."""
    metric = f"{split}/{result.headline.partition('/')[2]}"
    if result.history and metric not in result.history:
        raise ConfigError(
            f"{result.name!r} did not measure {metric}, by which to choose: train with validation=0.2, or choose by the test "
            "examples (--by-split test), which makes the chosen ones look better than they are"
        )
    summary = final_summary(result, metric)
    if summary is None or result.failures:
        return float("inf")
    return summary.mean if result.measure(metric).smaller_is_better else -summary.mean


def _edges(result: StudyResult, group: Sequence[StudyResult]) -> list[str]:
    """Return the numbers among the study's settings that are the smallest or the largest of those in its group."""
    flats = [flatten(each.config) for each in group]
    found = []
    for name, value in flatten(result.config).items():
        tried = sorted({flat[name] for flat in flats if name in flat and _is_number(flat[name])})
        if _is_number(value) and len(tried) > 1 and name not in SEED_KEYS and value in (tried[0], tried[-1]):
            which = "smallest" if value == tried[0] else "largest"
            found.append(f"{name}={value:g} is the {which} of the {len(tried)} values that were tried")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
