"""Running a study: train its seeds, and tell the listeners what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from regnet.errors import Diverged, RegnetError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted
from regnet.listeners import Listeners
from regnet.results import StudyResult, join
from regnet.study import Study
from regnet.training import load_data, train


def run_study(study: Study, listeners: Listeners) -> StudyResult:
    """Trains every seed of the study and returns the result; `listeners` hear of it.

    A seed that diverges is a failed run and a row of the result; the others are not touched. Anything else that goes wrong,
    and Ctrl-C, ends the study: the runs that were going on are told to have failed, and the exception goes on.
    """
    listeners.tell(StudyStarted(study))
    parts = [_run_group(study, seeds, listeners) for seeds in study.groups]
    result = join(parts)
    listeners.tell(StudyEnded(study, result))
    return result


def refuse_if_all_diverged(result: StudyResult) -> None:
    """Raises Diverged if not one seed of the study was trained to the end."""
    if len(result.failures) == len(result.seeds):
        first = result.seeds[0]
        which = f"seed {first}" if len(result.seeds) == 1 else f"all {len(result.seeds)} seeds, seed {first} for one,"
        raise Diverged(f"{which} {result.failures[first]}; a smaller optimizer.lr may help")


def _run_group(study: Study, seeds: Sequence[int], listeners: Listeners) -> StudyResult:
    pending: list[int] = []

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray]) -> set[int]:
        event = EpochEnded(study, tuple(seeds), epoch, metrics)
        listeners.tell(event)
        return listeners.seeds_to_stop(event)

    try:
        data = load_data(study, seeds)
        for seed, own in zip(seeds, data, strict=True):
            pending.append(seed)
            listeners.tell(RunStarted(study, seed, own))
        result = train(study, seeds, data, on_epoch)
        for seed in seeds:
            _end(study, seed, result, listeners)
            pending.remove(seed)
    except BaseException as error:
        for seed in pending:
            listeners.tell(RunFailed(study, seed, _reason(error), isinstance(error, KeyboardInterrupt)))
        raise
    return result


def _end(study: Study, seed: int, result: StudyResult, listeners: Listeners) -> None:
    if seed in result.failures:
        listeners.tell(RunFailed(study, seed, result.failures[seed], interrupted=False))
    else:
        listeners.tell(RunEnded(study, result.of(seed)))


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}"
