"""Write what a store misses of a launch, from the launch's folder: runs that were not written, or not to their end."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from regnet.config.build_study import assemble
from regnet.data.prepare import Data
from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.owner import wait_for_writer
from regnet.launch_folder.plan import Plan
from regnet.launch_folder.status import Status, status_of
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.registry.selection import OWN
from regnet.study.result import StudyResult
from regnet.tracking import UNSYNCED
from regnet.tracking.records import data_seen, run_ended, study_begun, study_tags
from regnet.tracking.store.connect import connect, tracking_errors
from regnet.tracking.store.messages import FAILURE, LAUNCH_ID, Destination, Record, RunBegun, RunEnded
from regnet.tracking.store.retry import retried
from regnet.tracking.store.store import ROLE, TrackedRun
from regnet.tracking.store.uri import recorded_destination
from regnet.tracking.write.process import writing_process
from regnet.training.loop import load_data

ABANDONED = "the training process ended without reporting a result"
"""The reason of a run that was neither finished nor ended."""


@dataclass(frozen=True)
class Synced:
    """What a store has of a launch."""

    destination: Destination
    written: int
    """The number of runs that were missing or incomplete, and are written now."""
    present: int
    """The number of other runs."""


def sync_launch(plan: Plan, catalog: Catalog, uri: str | None = None) -> list[Synced]:
    """Write the runs of a launch that its stores miss, and complete those that were not written to their end.

    Args:
        plan: the plan in the launch's folder.
        catalog: the plugins, to load the data sets, whose digests are part of a run.
        uri: the store to write to; by default that of each study's configuration.

    Raises:
        TrackingError: a store cannot be reached or written.
    """
    wait_for_writer(plan.folder)
    status = status_of(plan)
    by_target: dict[Destination, list[StudyResult]] = defaultdict(list)
    for result in _results(status):
        tracking = result.config["tracking"]
        if tracking["name"] == "mlflow":
            by_target[recorded_destination(tracking, uri)].append(result)
    synced = [_Sync(plan, target, catalog).write(results, running=status.running) for target, results in by_target.items()]
    (plan.folder / UNSYNCED).unlink(missing_ok=True)
    return synced


def _results(status: Status) -> Iterator[StudyResult]:
    """Yield the results of all jobs with their weights; their networks are not built, which may need plugins."""
    for job in status.jobs:
        result = JobFolder(Path(status.plan.folder, job.job.folder)).recorded(job.job.study, Sequential(()))
        if result is not None:
            yield result


class _Sync:
    """Writes the runs of a launch to one store."""

    def __init__(self, plan: Plan, target: Destination, catalog: Catalog) -> None:
        self._plan = plan
        self._target = target
        self._catalog = catalog
        self._numbers = itertools.count()
        self._start = int(datetime.fromisoformat(plan.start.started).timestamp() * 1000)
        self._end = int(plan.path.stat().st_mtime * 1000)
        self._gaps = (plan.folder / UNSYNCED).exists()
        """Whether runs that failed may lack epochs."""

    def write(self, results: list[StudyResult], *, running: bool) -> Synced:
        """Write the runs that are missing; end those that are not trained any more, unless the launch is running."""
        store = connect(self._target.uri)
        known: dict[tuple[str, int], list[TrackedRun]] = defaultdict(list)
        with tracking_errors(self._target.uri):
            experiment = retried(self._target.uri, partial(store.make_experiment, self._target.experiment, self._target.artifacts))
            tags = ROLE | {LAUNCH_ID: self._plan.start.id}
            for run in retried(self._target.uri, partial(store.find_runs, {experiment: self._target.experiment}, tags)):
                known[run.study, run.seed].append(run)
            have = {(result.identity, seed) for result in results for seed in result.seeds}
            left = [run for key, runs in known.items() if key not in have for run in runs if run.status == "RUNNING"]
            if left and not running:
                retried(self._target.uri, partial(store.kill_runs, left, ABANDONED, self._end))
        channel = writing_process().open(self._target)
        written = 0
        for result in results:
            missing = [
                seed for seed in result.seeds if not self._is_written(known[result.identity, seed], result.failures.get(seed))
            ]
            written += len(missing)
            for record in self._records(result, missing):
                channel.send(record)
        channel.close()
        return Synced(self._target, written, len(have) - written)

    def _is_written(self, runs: list[TrackedRun], failure: str | None) -> bool:
        """Whether a run is in the store to its end, and once."""
        if len(runs) != 1:
            return False
        (run,) = runs
        return run.finished if failure is None else run.failure == failure and not self._gaps

    def _records(self, result: StudyResult, seeds: list[int]) -> Iterator[Record]:
        """Yield the records of some seeds of a study, as the tracker sends them."""
        if not seeds:
            return
        study = next(self._numbers)
        planned = {seed for job in self._plan.jobs.values() if job.study == result.identity for seed in job.seeds}
        start = self._plan.start
        tags = study_tags(replace(result, seeds=tuple(sorted(planned))), self._plan.name, start.commit, start.versions.get(OWN))
        yield study_begun(study, result, tags)
        data = self._data(result.config, seeds)
        for seed in seeds:
            run, number = next(self._numbers), next(self._numbers) if seed in data else None
            if number is not None:
                yield data_seen(number, result.config, data[seed])
            yield RunBegun(run, study, number, seed, self._start)
            yield self._ended(run, seed, result.of(seed))

    def _ended(self, run: int, seed: int, result: StudyResult) -> RunEnded:
        if seed not in result.failures:
            return run_ended(run, seed, result, self._end)
        history = {name: values[0] for name, values in result.history.items()}
        return RunEnded(run, self._end, "FAILED", tags={FAILURE: result.failures[seed]}, history=history)

    def _data(self, config: Mapping[str, Any], seeds: list[int]) -> dict[int, Data]:
        """Load the data of each seed; return none if they cannot be loaded here, such as on another machine."""
        with suppress(Exception):  # whatever a data set raises
            study = assemble({**config, "plugins": None}, self._catalog)
            return dict(zip(seeds, load_data(study, seeds), strict=True))
        return {}
