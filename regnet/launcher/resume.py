"""The launch that a command starts or continues: its folder, and whether what is in there fits."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from regnet.credentials import hide, hide_loosely
from regnet.errors import ConfigError
from regnet.launch_folder.claim import claim_folder
from regnet.launch_folder.failure import STOPPED
from regnet.launch_folder.find import find_launches
from regnet.launch_folder.plan import Continuation, Plan, Start, read_plan, start_plan
from regnet.launch_folder.plan_jobs import continue_plan
from regnet.launch_folder.revision import git_commit, git_dirty, versions
from regnet.launch_folder.status import count
from regnet.registry.launch_settings import COMMAND_ONLY, LaunchSettings
from regnet.registry.loading import Plugins
from regnet.registry.options import options_of
from regnet.tracking.store.uri import store_uri

FOLDER_KEYS: Final = ("hydra.run.dir", "hydra.sweep.dir")


@dataclass(frozen=True)
class Command:
    """A command that starts a launch, or continues one."""

    words: Sequence[str]
    """The arguments of `regnet run`."""
    multirun: bool
    folder: Path
    """The folder for a new launch."""
    given: bool
    """Whether the user named the folder."""
    settings: LaunchSettings
    tracking: Mapping[str, Any]
    """The configuration of tracking."""

    @property
    def option(self) -> str:
        """The option that sets the folder."""
        return FOLDER_KEYS[self.multirun]


def open_launch(command: Command, plugins: Plugins) -> Path:
    """Return the folder of the launch, with a plan in it: a new one, or one to continue.

    Raises:
        ConfigError: the folder belongs to another launch, cannot be created, or does not fit this command.
    """
    try:
        return _open_launch(command, plugins)
    except OSError as error:
        advice = f"change the working directory, or set {command.option}"
        raise ConfigError(f"results cannot be written to {command.folder}: {error.strerror} ({advice})") from error


def _open_launch(command: Command, plugins: Plugins) -> Path:
    if command.given:
        plan, folder = read_plan(command.folder), command.folder
        if plan and not command.settings.resume:
            raise ConfigError(f"{folder} has a launch already ({count(plan)}): resume=true continues it, or choose another folder")
    else:
        plan = _newest(command) if command.settings.resume else None
        folder = claim_folder(command.folder) if plan is None else plan.folder
    if plan is None:
        _start(command, folder, plugins)
    else:
        _check_versions(plan, plugins, mix=command.settings.mix_versions)
        _check_store(plan, command)
        kept = command.settings.kept
        (folder / STOPPED).unlink(missing_ok=True)
        continue_plan(folder, Continuation(_recorded(command.words), versions(plugins), socket.gethostname(), _now(), kept))
    return folder


def without_launch_settings(words: Sequence[str]) -> list[str]:
    """The words without the settings of the launch and its folder."""
    return _without(words, {*options_of(LaunchSettings), *FOLDER_KEYS})


def _without(words: Sequence[str], keys: Container[str]) -> list[str]:
    return [word for word in words if word.partition("=")[0].lstrip("+") not in keys]


def _newest(command: Command) -> Plan | None:
    """The newest launch of the same command, among those whose folders are named alike."""
    folder = command.folder
    root = folder.parent if folder.is_absolute() else Path(folder.parts[0])
    wanted = without_launch_settings(_recorded(command.words))
    plans = (plan for found in find_launches(root) if (plan := read_plan(found)))
    same = [plan for plan in plans if without_launch_settings(plan.words) == wanted]
    return max(same, key=lambda plan: plan.path.stat().st_mtime_ns, default=None)


def _start(command: Command, folder: Path, plugins: Plugins) -> None:
    here = Path.cwd()
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"results cannot be written to {folder}: it is no folder (set {command.option} to another one)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        start_plan(
            folder,
            Start(
                launch=str(folder),
                id=uuid.uuid4().hex[:12],
                words=_recorded(command.words),
                multirun=command.multirun,
                folder=os.path.relpath(folder, here) if folder.resolve().is_relative_to(here) else str(folder.resolve()),
                directory=str(here),
                store=_store(command.tracking),
                versions=versions(plugins),
                commit=git_commit(),
                dirty=git_dirty(),
                host=socket.gethostname(),
                started=_now(),
                settings=command.settings.kept,
            ),
        )
    except FileExistsError as error:
        raise ConfigError(
            f"{folder} has a launch already, which another process has just started: choose another folder"
        ) from error


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def _recorded(words: Sequence[str]) -> tuple[str, ...]:
    """The words by which the launch is continued later."""
    return tuple(hide_loosely(word) for word in _without(words, {*COMMAND_ONLY, *FOLDER_KEYS}))


def _store(tracking: Mapping[str, Any]) -> str | None:
    return hide(store_uri(tracking.get("uri"))) if tracking.get("name") == "mlflow" else None


def _check_versions(plan: Plan, plugins: Plugins, *, mix: bool) -> None:
    here, then = versions(plugins), plan.start.versions
    changed = [name for name in then if name in here and here[name] != then[name]]
    if changed and not mix:
        name = changed[0]
        raise ConfigError(
            f"the launch in {plan.folder} was started with {name} {then[name]}, and here is {here[name]}: install that version, or "
            "continue with mix_versions=true"
        )


def _check_store(plan: Plan, command: Command) -> None:
    """Refuse to continue in another store by accident, such as without the environment variable that named it."""
    then, now = plan.start.store, _store(command.tracking)
    if then is None or now is None or then == now or command.tracking.get("uri"):
        return
    if Path(plan.start.directory) != Path.cwd() and then.startswith("sqlite:"):
        return  # moved with its folder
    raise ConfigError(
        f"the launch in {plan.folder} is tracked in {then}, and here the store is {now}: name it again with tracking.uri= or "
        "MLFLOW_TRACKING_URI"
    )
