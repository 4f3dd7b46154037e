"""The hooks: watch each seed from its first epoch on, and say which ones are to stop."""

from __future__ import annotations

import math

import regnet
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted
from regnet_early_stopping.settings import Settings
from regnet_early_stopping.watch import Watch


class EarlyStopping:
    """Ends the training of seeds that no longer improve, where the config sets `early_stopping.patience`."""

    regnet_fatal = True  # a study that was to stop early and does not is not the study that was asked for

    def __init__(self) -> None:
        self._watches: dict[tuple[str, int], Watch] = {}
        """One for each study, by its identity, and seed that is being trained."""

    @regnet.hookimpl
    def regnet_settings(self) -> dict[str, type]:
        return {"early_stopping": Settings}

    @regnet.hookimpl
    def regnet_run_started(self, event: RunStarted) -> None:
        settings: Settings = event.study.settings["early_stopping"]
        if settings.patience is not None:
            measure = event.study.measure(settings.metric)
            new = Watch(settings.patience, settings.min_delta, smaller_is_better=measure.smaller_is_better)
            self._watches[event.study.identity, event.seed] = new

    @regnet.hookimpl
    def regnet_seeds_to_stop(self, event: EpochEnded) -> list[int]:
        settings: Settings = event.study.settings["early_stopping"]
        if settings.patience is None or event.epoch == event.study.epochs:
            return []  # after the last epoch training is over anyway: nothing is cut short
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
