"""Summary runs: one MLflow run for each study, with what its seeds say together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from regnet.encoding import well_formed
from regnet.stats import Summary, summarize
from regnet.study.final import final_summary
from regnet.study.identity import SEED_KEYS
from regnet.study.labels import differences, study_labels
from regnet.study.result import StudyResult
from regnet.tracking.store.messages import LABEL, TAG_LENGTH, Destination, LaunchSummed, StudySummed, params_of
from regnet.tracking.store.uri import destination
from regnet.tracking.ui.descriptions import headline_first, launch_note, study_note
from regnet.tracking.write.model_selection import best_seed, models_wanted
from regnet.tracking.write.process import writing_process

COMMAND = "regnet.command"
"""The tag of a summary run: what was typed for its launch, unless that is too long for a tag."""


def write_summaries(
    results: Sequence[StudyResult], launch: str, folder: Path | None = None, command: str | None = None
) -> list[Destination]:
    """Logs a summary run for each study, with the report's files, and labels the launch's runs by what their studies differ in.

    `command` is what was typed for the launch, if it was.

    A summary run that the launch already has is written anew. The studies were tracked as their configs say; a study that was not
    is passed over. Each study's best run is kept as a model, if it was chosen by validation. Returns where something was written.

    Raises:
        TrackingError: a store cannot be reached or written.
    """
    launch, command = well_formed(launch), well_formed(command or "")
    labels = study_labels(results)
    differing = differences([result.config for result in results])
    known = {"regnet.launch": launch} | ({COMMAND: command} if command and len(command) <= TAG_LENGTH else {})
    places: dict[Destination, list[int]] = {}
    for number, result in enumerate(results):
        if result.config["tracking"]["name"] == "mlflow":
            places.setdefault(destination(result.config["tracking"]), []).append(number)
    channels = []
    for where, numbers in places.items():
        channel = writing_process().open(where)
        for number in numbers:
            channel.send(_summed(results[number], labels[number], differing[number], known, folder))
        own = [results[number] for number in numbers], [labels[number] for number in numbers]
        channel.send(_launch_summed(*own, launch))
        channel.send(models_wanted(*own, launch))
        channels.append(channel)
    for channel in channels:
        channel.close()
    return list(places)


def summary_metrics(result: StudyResult) -> dict[str, float]:
    """Mean, deviation and 95 % interval over the seeds that did not fail, of every metric and of the time; also n.

    An interval ends where the metric's values do.

    The metric that the task is judged by comes first: MLflow's compare page opens on it.
    """
    good = result.succeeded
    counts: dict[str, float] = {"n": len(good), "failed": len(result.failures)}
    if good.empty:
        return counts
    found: dict[str, float] = {}
    for name in headline_first(result):
        if summary := final_summary(result, name):
            found |= _moments(name, summary)
    if result.solo:
        return found | _moments("time/train_seconds", summarize(good["seconds"].to_numpy())) | counts
    return found | {"time/lockstep_train_seconds_per_replica/mean": float(good["seconds_per_run"].mean())} | counts


def _moments(name: str, summary: Summary) -> dict[str, float]:
    found = {f"{name}/mean": summary.mean}
    if summary.n > 1:
        found |= {f"{name}/std": summary.std, f"{name}/ci95_low": summary.low, f"{name}/ci95_high": summary.high}
    return found


def _summed(
    result: StudyResult, label: str, options: Mapping[str, str], launch: Mapping[str, str], folder: Path | None
) -> StudySummed:
    return StudySummed(
        name=f"{label} · summary",
        milliseconds=int(time.time() * 1000),
        tags={
            "regnet.role": "summary",
            "regnet.study": result.identity,
            "regnet.study_name": result.name,
            LABEL: label,
            **launch,
            "regnet.machine": result.machine,
            "regnet.seeds": ", ".join(map(str, result.seeds)),
        },
        params=params_of({key: value for key, value in result.config.items() if key not in SEED_KEYS}),
        metrics=summary_metrics(result),
        report=None if folder is None else folder.resolve(),
        note=study_note(result, options),
    )


def _launch_summed(results: Sequence[StudyResult], labels: Sequence[str], launch: str) -> LaunchSummed:
    best = {result.identity: best_seed(result) for result in results}
    return LaunchSummed(
        launch=launch,
        labels={result.identity: label for result, label in zip(results, labels, strict=True)},
        best={study: seed for study, seed in best.items() if seed is not None},
        splits=frozenset(name.partition("/")[0] for result in results for name in result.history),
        note=launch_note(results, labels),
    )
