"""Load a trained network from the folder of its job, or from MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from regnet.config.model import build_network
from regnet.errors import ConfigError
from regnet.launch_folder.find import find_launches
from regnet.registry.catalog import load_catalog
from regnet.study.result import TrainedNetwork
from regnet.study.storage import RESULT, find_results, load_result, network_width, read_result
from regnet.tracking.write.model_selection import best_seed


def load_model(source: str | Path, seed: int | None = None, uri: str | None = None) -> TrainedNetwork:
    """Return a trained network, which predicts the rows of frames and of tensors.

    Args:
        source: the folder of a job, such as ``outputs/2026-01-31/12-00-00`` or ``multirun/…/3``; or a model in MLflow, such as
            ``models:/flowers@best``, ``runs:/RUN/model`` or the folder of one.
        seed: which of a job's networks; by default the best one by validation or, without validation examples, by training loss.
        uri: the MLflow store of the model; by default ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the working directory.

    Raises:
        RegnetError: there is no such model, the job has no network of that seed, or a plugin that it needs is not installed.
    """
    folder = Path(source)
    if not folder.is_dir():
        from regnet.tracking.store.connect import store_uri
        from regnet.tracking.store.models import fetch_model

        if ":/" not in str(source):
            raise ConfigError(
                f"there is no folder {source}, and it is no model in MLflow, such as models:/NAME@best: name one of them"
            )
        return cast(TrainedNetwork, fetch_model(str(source), store_uri(uri)))
    if (folder / "MLmodel").is_file():
        from regnet.tracking.store.models import fetch_model

        return cast(TrainedNetwork, fetch_model(str(folder), None))
    return _of_job(folder, seed)


def _of_job(folder: Path, seed: int | None) -> TrainedNetwork:
    jobs = [folder] if (folder / RESULT).is_file() else list(find_results(folder))
    if not jobs:
        where = "was not finished: `regnet resume` continues it" if any(find_launches(folder)) else "is no folder of a job"
        raise ConfigError(f"{folder} has no {RESULT}: it {where}")
    if len(jobs) > 1:
        raise ConfigError(f"{folder} has {len(jobs)} jobs: name one of them, such as {jobs[0]}")
    (job,) = jobs
    description = load_result(job)
    width = network_width(job / RESULT)
    if width is None:
        raise ConfigError(f"{job} has no network: all its seeds failed")
    network = build_network(description.config["model"], width, load_catalog())
    result = read_result(job / RESULT, network)
    by_seed = {trained.seed: trained for trained in result.networks}
    if seed is None:
        best = best_seed(result)
        chosen = best if best in by_seed else next(iter(by_seed))
        return by_seed[chosen]
    if seed not in by_seed:
        raise ConfigError(f"{job} has no network of seed {seed}: it has those of {', '.join(map(str, list(by_seed)[:20]))}")
    return by_seed[seed]
