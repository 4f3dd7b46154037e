"""Running a study: train its seeds, and tell the listeners what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regnet.errors import Diverged, RegnetError
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted
from regnet.results import StudyResult, join
from regnet.study import Study
from regnet.training import load_data, train


def run_study(study: Study, hook: Any) -> StudyResult:
    """Trains every seed of the study and returns the result; `hook` is the plugin manager's, through which listeners hear of it.

    A seed that diverges is a failed run and a row of the result; the others are not touched. Anything else that goes wrong,
    and Ctrl-C, ends the study: the runs that were going on are told to have failed, and the exception goes on.
    """
    hook.regnet_study_started(event=StudyStarted(study))
    parts = [_run_group(study, seeds, hook) for seeds in study.groups]
    result = join(parts)
    hook.regnet_study_ended(event=StudyEnded(study, result))
    return result


def refuse_if_all_diverged(result: StudyResult) -> None:
    """Raises Diverged if not one seed of the study was trained to the end."""
    if len(result.failures) == len(result.seeds):
        first = result.seeds[0]
        which = f"seed {first}" if len(result.seeds) == 1 else f"all {len(result.seeds)} seeds, seed {first} for one,"
        raise Diverged(f"{which} {result.failures[first]}; a smaller optimizer.lr may help")


def _run_group(study: Study, seeds: Sequence[int], hook: Any) -> StudyResult:
    pending: list[int] = []

    def on_epoch(epoch: int, metrics: Mapping[str, np.ndarray]) -> None:
        hook.regnet_epoch_ended(event=EpochEnded(study, tuple(seeds), epoch, metrics))

    try:
        data = load_data(study, seeds)
        for seed, own in zip(seeds, data, strict=True):
            pending.append(seed)
            hook.regnet_run_started(event=RunStarted(study, seed, own))
        result = train(study, seeds, data, on_epoch)
        for seed in seeds:
            _end(study, seed, result, hook)
            pending.remove(seed)
    except BaseException as error:
        for seed in pending:
            hook.regnet_run_failed(event=RunFailed(study, seed, _reason(error), isinstance(error, KeyboardInterrupt)))
        raise
    return result


def _end(study: Study, seed: int, result: StudyResult, hook: Any) -> None:
    if seed in result.failures:
        hook.regnet_run_failed(event=RunFailed(study, seed, result.failures[seed], interrupted=False))
    else:
        hook.regnet_run_ended(event=RunEnded(study, result.of(seed)))


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, RegnetError) else f"{type(error).__name__}: {error}"
