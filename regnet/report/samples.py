"""Studies as samples of one metric: which metric they can be compared by, and the data it was measured on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from regnet.errors import ConfigError, one_of
from regnet.stats import Sample
from regnet.stats.wording import listed
from regnet.study.final import final_values
from regnet.study.result import UNFINISHED, StudyResult


def samples(labels: Sequence[str], results: Sequence[StudyResult], metric: str) -> list[Sample]:
    """Return each study's values of the metric after the last epoch, by seed; one with an infinite value counts as failed.

    Raises:
        ConfigError: the metric is the loss, and the studies were trained with different losses.
    """
    if metric.endswith("/loss"):
        _refuse_other_losses(labels, results, metric)
    return [_sample(label, result, metric) for label, result in zip(labels, results, strict=True)]


def common_metric(labels: Sequence[str], results: Sequence[StudyResult], wanted: str | None = None) -> str:
    """Return the metric that was asked for, or else the headline that all studies share.

    Raises:
        ConfigError: not all studies have it, or their headlines differ; no study measured anything.
    """
    measured = {label: set(result.history) for label, result in zip(labels, results, strict=True) if result.history}
    if not measured:
        reason = next((why for result in results for why in result.failures.values()), "no seeds")
        raise ConfigError(f"nothing was measured in {listed(labels)}: every seed failed (the first: {reason})")
    common = sorted(set.intersection(*measured.values()))
    if wanted is None:
        return _headline({label: result.headline for label, result in zip(labels, results, strict=True) if result.history}, common)
    lacking = [label for label, names in measured.items() if wanted not in names]
    if lacking:
        raise ConfigError(f"{listed(lacking)} did not measure {wanted!r}: {one_of(wanted, common)}")
    return wanted


def _headline(headlines: Mapping[str, str], common: Sequence[str]) -> str:
    first, *others = dict.fromkeys(headlines.values())
    if others:
        judged = ", ".join(f"{label!r} by {name}" for label, name in headlines.items())
        offered = f"name one that all have with --metric: {', '.join(common)}" if common else "they have none in common"
        raise ConfigError(f"the studies are judged by different metrics ({judged}): {offered}")
    return first


def _sample(label: str, result: StudyResult, metric: str) -> Sample:
    values = final_values(result, metric)
    ends = dict(zip(result.seeds, result.history[metric][:, -1].tolist(), strict=True)) if metric in result.history else {}
    undefined = [seed for seed, value in ends.items() if math.isnan(value) and seed not in result.failures]
    rest = [seed for seed in result.seeds if seed not in values and seed not in undefined]
    lacking = {seed: result.failures.get(seed, f"{metric} is {ends.get(seed, 'not measured')}") for seed in rest}
    unfinished = {seed: reason for seed, reason in lacking.items() if reason.startswith(UNFINISHED)}
    failures = {seed: reason for seed, reason in lacking.items() if seed not in unfinished}
    data = _data(result, metric)
    split = metric.partition("/")[0]
    known = result.population
    return Sample(
        label,
        list(values),
        list(values.values()),
        failures,
        data,
        unfinished,
        tuple(undefined),
        unlearned=result.unlearned,
        overlap=result.overlap(metric),
        population=known.describe(split) if known else "",
        fixed=known is not None and known.examples(split) == "fixed",
    )


def _data(result: StudyResult, metric: str) -> str:
    """Describe the examples that a metric is measured on; the description is the same for the same examples."""
    content = f" with content {result.content[:8]}" if result.content else ""
    examples = f"{_component(result.config.get('dataset'))}{content}"
    share = result.config.get("validation")
    return f"{examples}, validation={share}" if share and not metric.startswith("test/") else examples


def _refuse_other_losses(labels: Sequence[str], results: Sequence[StudyResult], metric: str) -> None:
    losses = {label: _component(result.config.get("loss")) for label, result in zip(labels, results, strict=True)}
    if len(set(losses.values())) > 1:
        trained = ", ".join(f"{label!r} by {loss}" for label, loss in losses.items())
        raise ConfigError(f"{metric} is another quantity for each loss ({trained}): compare by another metric")


def _component(options: Mapping[str, Any] | None) -> str:
    """Format a component as a call: ``mse(reduction=sum)``; options that are None are left out."""
    given = {key: value for key, value in (options or {}).items() if value is not None}
    name = given.pop("name", "?")
    return f"{name}({', '.join(f'{key}={value}' for key, value in sorted(given.items()))})"
