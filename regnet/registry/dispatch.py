"""Telling the listeners: each is called on its own, so that one that breaks ends neither the training nor the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pluggy

from regnet import events
from regnet.registry.loading import Plugins

HOOKS: dict[type, str] = {
    events.StudyStarted: "regnet_study_started",
    events.RunStarted: "regnet_run_started",
    events.EpochEnded: "regnet_epoch_ended",
    events.RunEnded: "regnet_run_ended",
    events.RunFailed: "regnet_run_failed",
    events.StudyEnded: "regnet_study_ended",
    events.ListenerFailed: "regnet_listener_failed",
}
"""The hook that tells of each kind of event."""

FATAL = "regnet_fatal"
"""The attribute by which a plugin asks that its errors end the study, as tracking does: what cannot be kept is not computed."""

log = logging.getLogger("regnet")


class Audience(Protocol):
    """Whom a training tells what happens, and who may end it."""

    @property
    def may_stop(self) -> bool:
        """Whether anybody may end a seed early, and so has to hear of every epoch at once."""

    def tell(self, event: events.Event) -> None:
        """Tells of something that happened."""

    def end_epoch(self, ended: Sequence[events.EpochEnded]) -> list[set[int]]:
        """Tells of an epoch of several studies, and returns the seeds of each that are to stop."""


@dataclass(frozen=True)
class Listeners:
    """Everybody who hears of a study's events."""

    plugins: Plugins

    @property
    def may_stop(self) -> bool:
        return bool(self.plugins.manager.hook.regnet_seeds_to_stop.get_hookimpls())

    def tell(self, event: events.Event) -> None:
        """Calls every plugin that implements the event's hook, the last one registered first.

        What a listener raises is told to the user and to the other listeners, and that listener hears no more; if it asks for
        it, by `regnet_fatal`, its exception goes on instead.
        """
        for _ in self._answers(HOOKS[type(event)], event):
            pass

    def end_epoch(self, ended: Sequence[events.EpochEnded]) -> list[set[int]]:
        """Tells of an epoch of several studies, and returns the seeds of each that any plugin wants to end after it.

        A plugin that raises when asked is treated as a listener that does.
        """
        for event in ended:
            self.tell(event)
        return [self._seeds_to_stop(event) for event in ended]

    def _seeds_to_stop(self, event: events.EpochEnded) -> set[int]:
        return {seed for answer in self._answers("regnet_seeds_to_stop", event) for seed in answer or ()}

    def _answers(self, name: str, event: events.Event) -> Iterator[Any]:
        hook: pluggy.HookCaller = getattr(self.plugins.manager.hook, name)
        for listener in reversed(hook.get_hookimpls()):
            try:
                yield listener.function(*(event for _ in listener.argnames))
            except Exception as error:
                if getattr(listener.plugin, FATAL, False):
                    raise
                self._report(listener, name, error)

    def _report(self, listener: pluggy.HookImpl, hook: str, error: Exception) -> None:
        self.plugins.manager.unregister(listener.plugin)
        origin = self.plugins.origins.get(listener.plugin_name)
        whose = str(origin) if origin else listener.plugin_name
        reason = f"{type(error).__name__}: {error}"
        log.warning("listener %s failed in %s and is left out from here on: %s", whose, hook, reason, exc_info=error)
        self.tell(events.ListenerFailed(whose, hook, reason))
