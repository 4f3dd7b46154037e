"""Summary runs: one MLflow run for each study, with statistics over its seeds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from regnet.encoding import well_formed
from regnet.launch_folder.plan import LaunchName
from regnet.stats import Summary, summarize
from regnet.study.final import final_summary
from regnet.study.identity import SEED_KEYS
from regnet.study.labels import differences, study_labels
from regnet.study.result import StudyResult
from regnet.tracking.store.messages import LABEL, LAUNCH_ID, TAG_LENGTH, Destination, LaunchSummed, StudySummed, params_of
from regnet.tracking.store.uri import recorded_destination
from regnet.tracking.ui.descriptions import headline_first, launch_note, study_note
from regnet.tracking.write.model_selection import best_seed, models_wanted
from regnet.tracking.write.process import writing_process

COMMAND = "regnet.command"
"""The tag of a summary run: the command line of its launch, unless it is too long for a tag."""


def write_summaries(
    results: Sequence[StudyResult],
    launch: str | LaunchName,
    folder: Path | None = None,
    command: str | None = None,
    uri: str | None = None,
) -> list[Destination]:
    """Log a summary run for each tracked study, label the launch's runs, and keep the best runs as models.

    A summary run that the launch already has is updated; with ``report=none`` there is none. Labels show the settings in which the
    studies differ. Studies that are not tracked are skipped. The best run of a study is kept as a model if it can be chosen by
    validation.

    Args:
        results: the launch's studies.
        launch: the names of the launch, as in the tags ``regnet.launch`` and ``regnet.launch_id``.
        folder: the report, to be copied into each summary run.
        command: the command line of the launch.
        uri: the store to write to; by default that of each study's configuration.

    Returns:
        The stores and experiments that were written.

    Raises:
        TrackingError: a store cannot be reached or written.
    """
    (launch, launch_id), command = map(well_formed, LaunchName.of(launch)), well_formed(command or "")
    labels = study_labels(results)
    differing = differences([result.config for result in results])
    known = {"regnet.launch": launch, LAUNCH_ID: launch_id} | ({COMMAND: command} if command and len(command) <= TAG_LENGTH else {})
    tracked: dict[Destination, list[int]] = {}
    for index, result in enumerate(results):
        if result.config["tracking"]["name"] == "mlflow":
            tracking = result.config["tracking"]
            tracked.setdefault(recorded_destination(tracking, uri), []).append(index)
    channels = []
    for target, indices in tracked.items():
        channel = writing_process().open(target)
        for index in (index for index in indices if results[index].config.get("report") != "none"):
            channel.send(_summed(results[index], labels[index], differing[index], known, folder))
        labelled = [results[index] for index in indices], [labels[index] for index in indices]
        channel.send(_launch_summed(*labelled, launch, launch_id))
        channel.send(models_wanted(*labelled, launch_id))
        channels.append(channel)
    for channel in channels:
        channel.close()
    return list(tracked)


def summary_metrics(result: StudyResult) -> dict[str, float]:
    """Return statistics of each metric and of the training time over the seeds that did not fail, and how many did and did not.

    The statistics are the mean, the standard deviation and the 95 % interval, which is cut at the metric's bounds. The headline
    metric comes first, because MLflow's compare page shows the first one.
    """
    succeeded = result.succeeded
    counts: dict[str, float] = {"n": len(succeeded), "failed": len(result.failures)}
    if succeeded.empty:
        return counts
    metrics: dict[str, float] = {}
    for name in headline_first(result):
        if summary := final_summary(result, name):
            metrics |= _statistics(name, summary)
    if result.solo:
        return metrics | _statistics("time/train_seconds", summarize(succeeded["seconds"].to_numpy())) | counts
    return metrics | {"time/lockstep_train_seconds_per_replica/mean": float(succeeded["seconds_per_run"].mean())} | counts


def _statistics(name: str, summary: Summary) -> dict[str, float]:
    metrics = {f"{name}/mean": summary.mean}
    if summary.n > 1:
        metrics |= {f"{name}/std": summary.std, f"{name}/ci95_low": summary.low, f"{name}/ci95_high": summary.high}
    return metrics


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


def _launch_summed(results: Sequence[StudyResult], labels: Sequence[str], launch: str, launch_id: str) -> LaunchSummed:
    best = {result.identity: best_seed(result) for result in results}
    return LaunchSummed(
        launch=launch,
        launch_id=launch_id,
        labels={result.identity: label for result, label in zip(results, labels, strict=True)},
        best={study: seed for study, seed in best.items() if seed is not None},
        splits=frozenset(name.partition("/")[0] for result in results for name in result.history),
        note=launch_note(results, labels),
    )
