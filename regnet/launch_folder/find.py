"""Find a launch by its folder or its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from regnet.errors import ConfigError, one_of
from regnet.launch_folder.plan import PLAN, Plan, read_plan


def find_launch(given: str | None, below: Path) -> Plan:
    """Return the plan of a launch.

    Args:
        given: its folder, name or id, or a folder above it, of whose launches the newest is taken; by default the newest of all,
            which was started or continued last.
        below: the folder below which it is searched.

    Raises:
        ConfigError: there is no such launch.
        DamagedFile: its plan is not what was written.
    """
    if given is not None and (plan := read_plan(Path(given))):
        return plan
    if given is not None and Path(given).is_dir():
        return find_launch(None, Path(given))
    folders = sorted(find_launches(below), key=lambda folder: (folder / PLAN).stat().st_mtime_ns, reverse=True)
    if not folders:
        raise ConfigError(f"there is no launch below {below.resolve()}: start one with `regnet run`, or name its folder")
    if given is None:
        if plan := read_plan(folders[0]):
            return plan
        raise ConfigError(f"the plan in {folders[0]} is incomplete: nothing was trained")
    plans = [plan for folder in folders if (plan := read_plan(folder))]
    for plan in plans:
        if given in (plan.start.launch, plan.start.id):
            return plan
    raise ConfigError(f"there is no launch {given!r}: {one_of(given, [str(plan.folder) for plan in plans])}")


def find_launches(below: Path) -> Iterator[Path]:
    """Yield the folders with a plan below a folder, or the folder itself; hidden folders are not searched."""
    for folder, folders, files in os.walk(below):
        if PLAN in files:
            yield Path(folder)
            folders.clear()
        folders[:] = [name for name in folders if not name.startswith(".")]
