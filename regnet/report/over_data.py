"""A comparison over many data sets, from studies: each configuration's mean on each data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from regnet.errors import ConfigError
from regnet.report.samples import samples
from regnet.stats import Measure, Rules, Sample, SampleError
from regnet.stats.over_data import OverData, compare_over_data
from regnet.stats.rank_tests import PostHoc
from regnet.stats.rules import USUAL
from regnet.stats.wording import listed
from regnet.study.identity import study_identity
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult


@dataclass(frozen=True)
class Assembled:
    """The comparison of configurations over data sets."""

    found: OverData
    measures: tuple[Measure, ...]
    """How to show the values of each data set."""


def assess_over_data(
    results: Sequence[StudyResult], metric: str | None = None, rules: Rules = USUAL, post_hoc: PostHoc | None = None
) -> Assembled:
    """Compare configurations by their ranks on several data sets, each by the means over seeds of its headline or of a metric.

    Two studies have the same configuration if they differ in the data set, and in settings that were `auto` and follow from it.
    Without a named test of pairs, it is Wilcoxon's with Holm's correction where there are enough data sets for it, else Nemenyi's.

    Raises:
        ConfigError: a configuration was not run on every data set, or twice on one.
        SampleError: there are too few data sets or configurations, or the rules do not allow a study with failed seeds.
    """
    general = [_general(result) for result in results]
    identities = [study_identity(result.config) for result in general]
    kinds = list(dict.fromkeys(identities))
    names = study_labels([general[identities.index(kind)] for kind in kinds])
    found = [_sample(result, metric, rules) for result in results]
    data_sets = list(dict.fromkeys(sample.data for sample in found))
    cells: dict[tuple[str, str], Sample] = {}
    for kind, sample in zip(identities, found, strict=True):
        if (sample.data, kind) in cells:
            raise ConfigError(f"{names[kinds.index(kind)]!r} was run twice on {sample.data}, as two studies: name those to compare")
        cells[sample.data, kind] = sample
    absent = [f"{names[kinds.index(kind)]!r} on {data}" for data in data_sets for kind in kinds if (data, kind) not in cells]
    if absent:
        raise ConfigError(f"over data sets, every configuration is needed on each: there is no {' and no '.join(absent[:3])}")
    values = np.array([[np.mean(cells[data, kind].values) for kind in kinds] for data in data_sets])
    first = [found.index(next(sample for sample in found if sample.data == data)) for data in data_sets]
    measures = [results[index].measure(metric or results[index].headline) for index in first]
    shown = dict(zip(data_sets, _short([str(results[index].config["dataset"]["name"]) for index in first], data_sets), strict=True))
    smaller = [measure.smaller_is_better for measure in measures]

    def compared(how: PostHoc) -> OverData:
        return compare_over_data(
            values, names, smaller_is_better=smaller, data_sets=list(shown.values()), level=rules.level, post_hoc=how
        )

    if post_hoc is not None:
        return Assembled(compared(post_hoc), tuple(measures))
    try:
        return Assembled(compared("wilcoxon_holm"), tuple(measures))
    except SampleError:  # too few data sets for it
        return Assembled(compared("nemenyi"), tuple(measures))


def _general(result: StudyResult) -> StudyResult:
    """Return a result whose configuration lacks the data set and the settings that follow from it."""
    config: dict[str, Any] = {key: value for key, value in deepcopy(dict(result.config)).items() if key not in ("dataset", "study")}
    for name in result.automatic:
        *path, last = name.split(".")
        inner: Any = config
        for part in path:
            inner = inner.get(part, {})
        if isinstance(inner, dict):
            inner.pop(last, None)
    return replace(result, config=config, automatic=(), content="", name=_name(config), identity=study_identity(config))


def _name(config: Mapping[str, Any]) -> str:
    names = (config.get(kind, {}).get("name") for kind in ("engine", "loss", "optimizer") if isinstance(config.get(kind), Mapping))
    return " · ".join(map(str, filter(None, names))) or "study"


def _sample(result: StudyResult, metric: str | None, rules: Rules) -> Sample:
    name = metric or result.headline
    (sample,) = samples([result.name], [result], name)
    if rules.incomplete == "worst":
        sample = sample.with_worst(result.measure(name).worst)
    sample.require_some()
    if rules.incomplete == "refuse" and (sample.failures or sample.unfinished):
        seeds = listed(sorted({**sample.failures, **sample.unfinished}), 6)
        raise SampleError(f"{result.name!r}: seeds {seeds} have no value: --incomplete drop leaves them out, worst counts failures")
    return sample


def _short(names: Sequence[str], full: Sequence[str]) -> list[str]:
    """Return the data sets' names, or their names with options where two have the same name."""
    return [name if names.count(name) == 1 else whole for name, whole in zip(names, full, strict=True)]
