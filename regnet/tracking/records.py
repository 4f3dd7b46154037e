"""Records of studies and runs for the writing process, as the tracker and `sync` send them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from regnet.data.prepare import Data
from regnet.engines import engine_name
from regnet.launch_folder.plan import LaunchName
from regnet.machine import describe_machine
from regnet.registry.selection import OWN
from regnet.serving.header import WEIGHTS
from regnet.serving.packing import pack
from regnet.study.identity import SEED_KEYS
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.tracking.store import messages
from regnet.tracking.store.messages import (
    LABEL,
    LAUNCH_ID,
    PLANNED,
    STOPPED,
    TAG_LENGTH,
    UNLEARNED,
    params_of,
    write_seeds,
)


def study_begun(number: int, study: Study | StudyResult, tags: Mapping[str, str]) -> messages.StudyBegun:
    """Describe a study to the writing process, as the given number."""
    params = params_of({key: value for key, value in study.config.items() if key not in SEED_KEYS})
    return messages.StudyBegun(number, study.name, study.config, params=params, tags=tags)


def study_tags(study: Study | StudyResult, launch: LaunchName, commit: str | None, regnet: str | None = None) -> dict[str, str]:
    """Return the tags that all runs of a study have.

    Args:
        study: the study.
        launch: the names of the launch.
        commit: the git commit in the working directory.
        regnet: the version of regnet that trains the study; by default the installed one.
    """
    return (
        {
            "regnet.role": "run",
            "regnet.study": study.identity,
            "regnet.study_name": study.name,
            LABEL: f"{study.name} · {study.identity[:4]}",  # replaced when all studies of the launch are known
            "regnet.launch": launch.name,
            LAUNCH_ID: launch.id,
            "regnet.engine": engine_name(study.config["engine"]),
            "regnet.replicas": study.replicas,
            messages.MEASURES: json.dumps({name: measure.as_plain() for name, measure in study.measures.items()}),
            messages.HEADLINE: study.headline,
            "regnet.report": str(study.config.get("report")),
            "regnet.machine": study.machine if isinstance(study, StudyResult) else describe_machine(),
            "regnet.version": regnet or version(OWN),
            "regnet.plugins": ", ".join(map(str, study.origins)),
        }
        | ({messages.CONTENT: study.content} if study.content else {})
        | ({messages.NOTES: "\n".join(study.notes)[: messages.TAG_LENGTH]} if study.notes else {})
        | ({messages.AUTOMATIC: " ".join(study.automatic)} if study.automatic else {})
        | ({messages.POPULATION: json.dumps(study.population.as_plain())} if study.population else {})
        | _planned(study.seeds)
        | ({messages.GIT_COMMIT: commit} if commit else {})
    )


def _planned(seeds: Sequence[int]) -> dict[str, str]:
    """Return the tag with the planned seeds, unless it is too long for MLflow."""
    text = write_seeds(seeds)
    return {PLANNED: text} if len(text) <= TAG_LENGTH else {}


def data_seen(number: int, config: Mapping[str, Any], data: Data) -> messages.DataSeen:
    """Describe the examples of a run to the writing process, as the given number."""
    examples = {"training": data.train, "validation": data.validation, "testing": data.test}
    splits = {use: (split.x.numpy(), split.y.numpy()) for use, split in examples.items() if split}
    return messages.DataSeen(number, str(config["dataset"]["name"]), splits)


def run_ended(run: int, seed: int, result: StudyResult, milliseconds: int) -> messages.RunEnded:
    """Describe the end of a run that was trained to the end, with its history, given the result of its seed alone."""
    return messages.RunEnded(
        run,
        milliseconds,
        "FINISHED",
        step=next(iter(result.history.values())).shape[1],
        metrics=final_metrics(result),
        tags=_outcome(result, seed),
        files={WEIGHTS: pack(result.network)},
        history={name: values[0] for name, values in result.history.items()},
    )


def _outcome(result: StudyResult, seed: int) -> dict[str, str]:
    """Return the tags of a run that was stopped early, or that has learned nothing."""
    stopped = {STOPPED: str(result.stopped[seed])} if seed in result.stopped else {}
    return stopped | ({UNLEARNED: result.unlearned[seed]} if seed in result.unlearned else {})


def final_metrics(result: StudyResult) -> dict[str, float]:
    """Return the metrics of one seed after the last epoch, and its training time in seconds.

    A run trained in lockstep has the time of its group and its share of it, under other names than the time of a run trained alone.
    """
    final = {f"final/{name}": float(values[0, -1]) for name, values in result.history.items()}
    seconds, together = float(result.seconds[0]), int(result.together[0])
    if together == 1:
        return final | {"time/train_seconds": seconds}
    return final | {
        "time/lockstep_group_train_seconds": seconds,
        "time/lockstep_train_seconds_per_replica": seconds / together,
        "time/lockstep_replicas": together,
    }
