"""What was run: the settings in which the studies differ, those that they share, the seeds, and the machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regnet.report.launch_info import Material
from regnet.report.tables.format import seconds
from regnet.report.tables.table import Table
from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.study.labels import differences
from regnet.study.result import StudyResult
from regnet.tracking.store.messages import params_of

ABSENT = "–"


def differing(material: Material) -> Table | None:
    """Return the settings that are not the same for all studies, a row for each study; None if there are none."""
    options = differences([result.config for result in material.results])
    names = list(dict.fromkeys(name for study_options in options for name in study_options))
    if not names:
        return None
    labelled = zip(material.names, options, strict=True)
    rows = [(label, *(study_options.get(name, ABSENT) for name in names)) for label, study_options in labelled]
    return Table("Settings that differ", ("study", *names), tuple(rows))


def shared(material: Material) -> Table:
    """Return the settings with the same value in every study that has them, a row for each."""
    hidden = SEED_KEYS | PRESENTATION_KEYS
    kept = [{key: value for key, value in result.config.items() if key not in hidden} for result in material.results]
    configs = [params_of(config) for config in kept]
    rows = []
    for name in dict.fromkeys(name for config in configs for name in config):
        values = [config[name] for config in configs if name in config]
        if len(set(values)) == 1:
            extent = "" if len(values) == len(configs) else f" (in {len(values)} of {len(configs)} studies)"
            rows.append((name, f"{values[0]}{extent}"))
    return Table("Settings that the studies share", ("setting", "value"), tuple(rows))


def circumstances(material: Material) -> dict[str, str]:
    """Return facts about the launch in words: its start, its numbers of studies and runs, its seeds, time, machine and versions."""
    results, origin = material.results, material.origin
    total = sum(float(np.nansum(result.seconds_per_run)) for result in results)
    failed = sum(len(result.failures) for result in results)
    facts = {
        "Launch": origin.launch,
        "Started": f"{origin.started:%Y-%m-%d %H:%M}" if origin.started else "",
        "Studies": str(len(results)),
        "Runs": f"{sum(len(result.seeds) for result in results)}, {failed or 'none'} failed",
        "Seeds": _seeds(results),
        "Training time": f"{seconds(total)}, added up over the runs" if total > 0 else "",
        "Notes": "\n".join(dict.fromkeys(line for result in results for line in result.notes)),
        "Machine": "; ".join(dict.fromkeys(result.machine for result in results)),
        "Versions": ", ".join(origin.versions),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _seeds(results: Sequence[StudyResult]) -> str:
    ranges = list(dict.fromkeys(_ranges(result.seeds) for result in results))
    return ranges[0] + (" in each study" if len(results) > 1 else "") if len(ranges) == 1 else "not the same in all studies"


def _ranges(seeds: Sequence[int]) -> str:
    """Format seeds as ranges: `0 to 19, 23`."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and parts[-1][-1] == seed - 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ", ".join(f"{part[0]} to {part[-1]}" if len(part) > 1 else f"{part[0]}" for part in parts)
