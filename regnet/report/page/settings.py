"""The account of what was run: in which settings the studies differ, which they share, with which seeds, and where."""

from __future__ import annotations

from collections.abc import Sequence

from regnet.report.launch_info import Material
from regnet.report.tables.table import Table
from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.study.labels import differences
from regnet.study.result import StudyResult
from regnet.tracking.store.messages import params_of

ABSENT = "–"


def differing(material: Material) -> Table | None:
    """The settings that are not the same for all studies, a row for each study; None where there is none."""
    options = differences([result.config for result in material.results])
    names = list(dict.fromkeys(name for one in options for name in one))
    if not names:
        return None
    rows = [(label, *(one.get(name, ABSENT) for name in names)) for label, one in zip(material.names, options, strict=True)]
    return Table("Settings that differ", ("study", *names), tuple(rows))


def shared(material: Material) -> Table:
    """The settings that are the same wherever they are, a row for each."""
    kept = [
        {key: value for key, value in one.config.items() if key not in SEED_KEYS | PRESENTATION_KEYS} for one in material.results
    ]
    configs = [params_of(config) for config in kept]
    rows = []
    for name in dict.fromkeys(name for config in configs for name in config):
        values = [config[name] for config in configs if name in config]
        if len(set(values)) == 1:
            where = "" if len(values) == len(configs) else f" (in {len(values)} of {len(configs)} studies)"
            rows.append((name, f"{values[0]}{where}"))
    return Table("Settings that the studies share", ("setting", "value"), tuple(rows))


def circumstances(material: Material) -> dict[str, str]:
    """What is to be known beside the settings, in words: when, how often, where and with which versions."""
    results, origin = material.results, material.origin
    failed = sum(len(result.failures) for result in results)
    facts = {
        "Launch": origin.launch,
        "Started": f"{origin.started:%Y-%m-%d %H:%M}" if origin.started else "",
        "Studies": str(len(results)),
        "Runs": f"{sum(len(result.seeds) for result in results)}, {failed or 'none'} failed",
        "Seeds": _seeds(results),
        "Machine": "; ".join(dict.fromkeys(result.machine for result in results)),
        "Versions": ", ".join(origin.versions),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _seeds(results: Sequence[StudyResult]) -> str:
    ways = list(dict.fromkeys(_ranges(result.seeds) for result in results))
    return ways[0] + (" in each study" if len(results) > 1 else "") if len(ways) == 1 else "not the same in all studies"


def _ranges(seeds: Sequence[int]) -> str:
    """Seeds in words: `0 to 19, 23`."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and parts[-1][-1] == seed - 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ", ".join(f"{part[0]} to {part[-1]}" if len(part) > 1 else f"{part[0]}" for part in parts)
