"""The place of a launch: the working directory that its relative paths refer to."""

from __future__ import annotations

from pathlib import Path

from regnet.launch_folder.plan import Plan


def working_directory(plan: Plan) -> Path:
    """Return the working directory of a launch: if its folder was moved with it, the same place relative to the folder."""
    folder, relative = plan.folder.absolute(), Path(plan.start.folder)
    if not relative.is_absolute() and folder.parts[-len(relative.parts) :] == relative.parts:
        return Path(*folder.parts[: -len(relative.parts)])
    there = Path(plan.start.directory)
    return there if there.is_dir() else Path.cwd()
