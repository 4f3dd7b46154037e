"""The hooks: watch each seed from its first epoch on, and return the seeds to stop."""

from __future__ import annotations

import math

import regnet
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet_early_stopping.settings import Settings
from regnet_early_stopping.watch import Watch


class EarlyStopping:
    """Stops the training of seeds that no longer improve, if the config sets `early_stopping.patience`."""

    regnet_fatal = True  # without early stopping, the study would not be the requested one

    def __init__(self) -> None:
        self._watches: dict[tuple[str, int], Watch] = {}
        """For each running seed, by the identity of the study and the seed."""

    @regnet.hookimpl
    def regnet_settings(self) -> dict[str, type]:
        return {"early_stopping": Settings}

    @regnet.hookimpl
    def regnet_run_started(self, event: RunStarted) -> None:
        settings: Settings = event.study.settings["early_stopping"]
        if settings.patience is not None:
            measure = event.study.measure(settings.metric)
            watch = Watch(settings.patience, settings.min_delta, smaller_is_better=measure.smaller_is_better)
            self._watches[event.study.identity, event.seed] = watch

    @regnet.hookimpl
    def regnet_seeds_to_stop(self, event: EpochEnded) -> list[int]:
        settings: Settings = event.study.settings["early_stopping"]
        if settings.patience is None or event.epoch == event.study.epochs:
            return []  # training ends after the last epoch anyway
        if settings.metric not in event.metrics:
            available = ", ".join(event.metrics)
            raise regnet.BadOption(f"early_stopping.metric: there is no metric {settings.metric!r}; available: {available}")
        study = event.study.identity
        values = zip(event.seeds, event.metrics[settings.metric].tolist(), strict=True)
        return [seed for seed, value in values if math.isfinite(value) and self._watches[study, seed].is_over(value)]

    @regnet.hookimpl
    def regnet_run_ended(self, event: RunEnded) -> None:
        for seed in event.result.seeds:
            self._watches.pop((event.study.identity, seed), None)

    @regnet.hookimpl
    def regnet_run_failed(self, event: RunFailed) -> None:
        self._watches.pop((event.study.identity, event.seed), None)
