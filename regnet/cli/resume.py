"""`regnet resume`: continue a launch from its folder, and train what is missing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.cli.status import add_launch_option, print_status

if TYPE_CHECKING:
    from regnet.launch_folder.plan import Plan


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet resume`."""
    add_launch_option(parser)
    parser.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="more overrides, such as tracking.uri=… or seeds=40")
    parser.add_argument("--dry-run", action="store_true", help="only show what is finished and what is missing")


def resume(options: argparse.Namespace) -> int:
    """Runs the command of a launch again in its folder; what is finished is not trained again."""
    from regnet.launch_folder.find import find_launch
    from regnet.launch_folder.place import working_directory

    launch, overrides = options.launch, options.overrides
    if launch and "=" in launch and not Path(launch).exists():
        launch, overrides = None, [launch, *overrides]
    plan = find_launch(launch, Path())
    if options.dry_run:
        print_status(plan)
        return 0
    words = _words(plan, overrides)
    os.chdir(working_directory(plan))
    from regnet.cli.launch import launch as run

    return run(words)


def _words(plan: Plan, overrides: Sequence[str]) -> list[str]:
    """The arguments of `regnet run` that continue a launch."""
    from regnet.tracking.store.uri import recorded_destination

    given = {override.partition("=")[0] for override in overrides}
    kept = [word for word in plan.words if word.partition("=")[0] not in given]
    if "tracking.uri" not in given and plan.start.store is not None:
        recorded_destination({"uri": plan.start.store})  # refuses one on another machine that nobody names
    key = "hydra.sweep.dir" if plan.start.multirun else "hydra.run.dir"
    return [*kept, *overrides, f"{key}={_quoted(plan.folder.absolute())}", "resume=true"]


def _quoted(path: Path) -> str:
    """A path as the value of an override."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "\\'") + "'"
