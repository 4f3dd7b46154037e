"""Summary runs: one MLflow run for each study, with what its seeds say together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

from regnet.results import StudyResult
from regnet.stats import Summary, summarize
from regnet.tracking.read import search
from regnet.tracking.store import connect, experiment_id, flatten, store_uri, tracking_errors


def write_summaries(results: Sequence[StudyResult], launch: str, folder: Path | None = None) -> None:
    """Logs a summary run for each study, with the report's files; one that the launch already has is written anew.

    The studies were tracked as their configs say; a study that was not is passed over.
    """
    for result in results:
        options = result.config["tracking"]
        if options["name"] != "mlflow":
            continue
        uri = store_uri(options.get("uri"))
        client = connect(options.get("uri"))
        with tracking_errors(uri):
            run_id = _summary_run(client, str(options.get("experiment") or "regnet"), result, launch)
            stamp = int(time.time() * 1000)
            metrics = [Metric(name, value, stamp, 0) for name, value in summary_metrics(result).items()]
            params = [Param(key, value) for key, value in flatten(_shared(result)).items()]
            client.log_batch(run_id, metrics=metrics, params=params)
            if folder is not None:
                client.log_artifacts(run_id, str(folder), "report")
            client.set_terminated(run_id, "FINISHED")


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


def _shared(result: StudyResult) -> dict[str, object]:
    return {key: value for key, value in result.config.items() if key not in ("seed", "seeds")}


def _summary_run(client: MlflowClient, experiment: str, result: StudyResult, launch: str) -> str:
    identity = experiment_id(client, experiment)
    asked = f"tags.`regnet.role` = 'summary' and tags.`regnet.launch` = '{launch}' and tags.`regnet.study` = '{result.identity}'"
    found = next(search(client, experiment, asked), None)
    if found is not None:
        return str(found.info.run_id)
    tags = {
        "regnet.role": "summary",
        "regnet.study": result.identity,
        "regnet.study_name": result.name,
        "regnet.launch": launch,
        "regnet.machine": result.machine,
        "regnet.seeds": ", ".join(map(str, result.seeds)),
    }
    return str(client.create_run(identity, tags=tags, run_name=f"{result.name} · summary").info.run_id)
