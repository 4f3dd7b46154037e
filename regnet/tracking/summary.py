"""Summary runs: one MLflow run for each study, with what its seeds say together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from regnet.results import StudyResult
from regnet.stats import Summary, summarize
from regnet.study import SEED_KEYS
from regnet.tracking.process import Channel, writing_process
from regnet.tracking.records import Destination, StudySummed, flatten
from regnet.tracking.uri import destination


def write_summaries(results: Sequence[StudyResult], launch: str, folder: Path | None = None) -> None:
    """Logs a summary run for each study, with the report's files; one that the launch already has is written anew.

    The studies were tracked as their configs say; a study that was not is passed over.

    Raises:
        TrackingError: a store cannot be reached or written.
    """
    channels: dict[Destination, Channel] = {}
    for result in results:
        options = result.config["tracking"]
        if options["name"] != "mlflow":
            continue
        where = destination(options)
        if where not in channels:
            channels[where] = writing_process().open(where)
        channels[where].send(_summed(result, launch, folder))
    for channel in channels.values():
        channel.close()


def summary_metrics(result: StudyResult) -> dict[str, float]:
    """Mean, deviation and 95 % interval over the seeds that did not fail, of every metric and of the time; also n."""
    good = result.final[result.final["failure"].isna()]
    found: dict[str, float] = {"n": len(good), "failed": len(result.failures)}
    if good.empty:
        return found
    time_name = "time/train_seconds" if result.solo else "time/lockstep_train_seconds_per_replica"
    for name in result.history:
        found |= _moments(name, summarize(good[name].to_numpy()))
    if result.solo:
        return found | _moments(time_name, summarize(good["seconds"].to_numpy()))
    return found | {f"{time_name}/mean": float(good["seconds_per_run"].mean())}


def _moments(name: str, summary: Summary) -> dict[str, float]:
    found = {f"{name}/mean": summary.mean}
    if summary.n > 1:
        found |= {f"{name}/std": summary.std, f"{name}/ci95_low": summary.low, f"{name}/ci95_high": summary.high}
    return found


def _summed(result: StudyResult, launch: str, folder: Path | None) -> StudySummed:
    return StudySummed(
        name=f"{result.name} · summary",
        milliseconds=int(time.time() * 1000),
        tags={
            "regnet.role": "summary",
            "regnet.study": result.identity,
            "regnet.study_name": result.name,
            "regnet.launch": launch,
            "regnet.machine": result.machine,
            "regnet.seeds": ", ".join(map(str, result.seeds)),
        },
        params=flatten({key: value for key, value in result.config.items() if key not in SEED_KEYS}),
        metrics=summary_metrics(result),
        report=None if folder is None else folder.resolve(),
    )
