"""Pass events to listeners: each is called separately, so that a failing one stops neither the training nor the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import chdir, nullcontext
from dataclasses import dataclass
from pathlib import Path
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
"""The hook for each kind of event."""

FATAL = "regnet_fatal"
"""The attribute by which a plugin makes its errors end the study, as tracking does."""

log = logging.getLogger("regnet")


class Observer(Protocol):
    """Receives the events of a training, and may stop seeds."""

    @property
    def may_stop(self) -> bool:
        """Whether a seed may be stopped early, so that every epoch must be reported at once."""

    def notify(self, event: events.Event) -> None:
        """Report an event."""

    def end_epoch(self, ended: Sequence[events.EpochEnded]) -> list[set[int]]:
        """Report an epoch of several studies, and return the seeds of each that are to stop."""


@dataclass(frozen=True)
class Listeners:
    """The plugins that are notified of a study's events."""

    plugins: Plugins
    folder: Path | None = None
    """The working directory of the plugins' hooks, if it is another one than that of the training."""

    @property
    def may_stop(self) -> bool:
        return bool(self.plugins.manager.hook.regnet_seeds_to_stop.get_hookimpls())

    def notify(self, event: events.Event) -> None:
        """Call every plugin that implements the event's hook, the last registered first.

        If a listener raises, its error is reported to the user and to the other listeners, and it is not called again; if it
        sets `regnet_fatal`, its exception is raised instead.
        """
        for _ in self._answers(HOOKS[type(event)], event):
            pass

    def end_epoch(self, ended: Sequence[events.EpochEnded]) -> list[set[int]]:
        """Report an epoch of several studies, and return the seeds of each that any plugin wants to stop after it.

        A plugin that raises here is handled in the same way as one that raises in `notify`.
        """
        for event in ended:
            self.notify(event)
        return [self._seeds_to_stop(event) for event in ended]

    def _seeds_to_stop(self, event: events.EpochEnded) -> set[int]:
        return {seed for answer in self._answers("regnet_seeds_to_stop", event) for seed in answer or ()}

    def _answers(self, name: str, event: events.Event) -> Iterator[Any]:
        hook: pluggy.HookCaller = getattr(self.plugins.manager.hook, name)
        for listener in reversed(hook.get_hookimpls()):
            fatal = getattr(listener.plugin, FATAL, False)
            try:
                with nullcontext() if fatal or self.folder is None else chdir(self.folder):
                    answer = listener.function(*(event for _ in listener.argnames))
                yield answer
            except (Exception, SystemExit) as error:
                if fatal:
                    raise
                self._report(listener, name, error)

    def _report(self, listener: pluggy.HookImpl, hook: str, error: BaseException) -> None:
        self.plugins.manager.unregister(listener.plugin)
        origin = self.plugins.origins.get(listener.plugin_name)
        name = str(origin) if origin else listener.plugin_name
        reason = f"{type(error).__name__}: {error}"
        log.warning("listener %s failed in %s and is left out from here on: %s", name, hook, reason, exc_info=error)
        self.notify(events.ListenerFailed(name, hook, reason))
