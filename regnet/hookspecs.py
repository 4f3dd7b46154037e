"""Every hook a plugin may implement, in the order of a study's life: the plugin author's table of contents.

A plugin is a module, or an object, named by an entry point of the group `regnet`::

    [project.entry-points.regnet]
    my-plugin = "my_plugin"

Its hooks carry the mark `regnet.hookimpl`, and each may take any of its parameters or none.
"""

from __future__ import annotations

import pluggy

from regnet.contracts import Dataset, Initializer, Layer, Loss, Optimizer
from regnet.events import EpochEnded, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted

hookspec = pluggy.HookspecMarker("regnet")
hookimpl = pluggy.HookimplMarker("regnet")
"""Marks a function or method as the implementation of the hook whose name it has."""


# Components: asked for once, when the catalog is made.


@hookspec
def regnet_layers() -> dict[str, type[Layer]]:  # type: ignore[empty-body]
    """Layers, by the name that configs use."""


@hookspec
def regnet_losses() -> dict[str, type[Loss]]:  # type: ignore[empty-body]
    """Losses, by the name that configs use."""


@hookspec
def regnet_optimizers() -> dict[str, type[Optimizer]]:  # type: ignore[empty-body]
    """Optimizers, by the name that configs use."""


@hookspec
def regnet_datasets() -> dict[str, type[Dataset]]:  # type: ignore[empty-body]
    """Data sets, by the name that configs use."""


@hookspec
def regnet_initializers() -> dict[str, type[Initializer]]:  # type: ignore[empty-body]
    """Initializers, by the name that configs use."""


# Events: a study's life. Listeners look on; they change nothing.


@hookspec
def regnet_study_started(event: StudyStarted) -> None:
    """A study is about to train its first seed."""


@hookspec
def regnet_run_started(event: RunStarted) -> None:
    """One seed is about to be trained."""


@hookspec
def regnet_epoch_ended(event: EpochEnded) -> None:
    """An epoch of the seeds trained together is over."""


@hookspec
def regnet_run_ended(event: RunEnded) -> None:
    """One seed has been trained to the end."""


@hookspec
def regnet_run_failed(event: RunFailed) -> None:
    """One seed diverged, broke or was interrupted."""


@hookspec
def regnet_study_ended(event: StudyEnded) -> None:
    """Every seed has been trained or has failed."""
