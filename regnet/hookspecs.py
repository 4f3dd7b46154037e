"""Every hook a plugin may implement, in the order of a study's life: the plugin author's table of contents.

A plugin is a module, or an object, named by an entry point of the group `regnet`::

    [project.entry-points.regnet]
    my-plugin = "my_plugin"

Its hooks are decorated with `regnet.hookimpl`, and each may take any of its parameters or none.
"""

from __future__ import annotations

from collections.abc import Collection

import pluggy

from regnet.contracts import Dataset, Initializer, Layer, Loss, Metric, Optimizer
from regnet.events import EpochEnded, ListenerFailed, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted

hookspec = pluggy.HookspecMarker("regnet")
hookimpl = pluggy.HookimplMarker("regnet")
"""Mark a function or method as the implementation of the hook of the same name."""


# Components: called once, when the catalog is made.


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


@hookspec
def regnet_metrics() -> dict[str, type[Metric]]:  # type: ignore[empty-body]
    """Metrics, by the name that configs use."""


@hookspec
def regnet_settings() -> dict[str, type]:  # type: ignore[empty-body]
    """The plugin's settings: for each name to add to the config, a frozen dataclass whose fields all have defaults.

    With ``{"early_stopping": EarlyStopping}``, `early_stopping.patience=20` is typed and checked like any option, and the study of
    every event has the object as ``study.settings["early_stopping"]``. At the defaults the plugin must change nothing, since such
    settings do not distinguish studies.
    """


@hookspec
def regnet_config_path() -> str:  # type: ignore[empty-body]
    """The folder of the plugin's config files, as an entry of Hydra's search path: ``pkg://my_plugin.conf``.

    Files in it named ``experiment/NAME.yaml`` or ``model/NAME.yaml`` are selected as `experiment=NAME` or `model=NAME`.
    """


# Control: the only hook whose result affects training.


@hookspec
def regnet_seeds_to_stop(event: EpochEnded) -> Collection[int]:  # type: ignore[empty-body]
    """Seeds whose training stops after this epoch; called after every epoch, and not passed to listeners.

    In lockstep, the other seeds continue unchanged. The seed's weights and metrics keep their current values.
    """


# Events: a study's life. A listener that raises an exception is reported once and left out from then on, unless its plugin sets
# `regnet_fatal = True`: then the exception ends the study.


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


@hookspec
def regnet_listener_failed(event: ListenerFailed) -> None:
    """Another listener raised an exception and was left out."""
