"""`regnet clean`: remove files of launches that are no longer needed."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet clean`."""
    parser.add_argument("launch", nargs="?", metavar="LAUNCH", help="its folder, name or id (default: all below this folder)")
    parser.add_argument("--checkpoints", action="store_true", help="also remove the checkpoints of runs that are not finished")
    parser.add_argument("--dry-run", action="store_true", help="only list the files")


def clean(options: argparse.Namespace) -> int:
    """Removes what no result and no continuation needs: old checkpoints, and what killed processes left."""
    from regnet.errors import RegnetError
    from regnet.launch_folder.clean import superfluous_files
    from regnet.launch_folder.find import find_launch, find_launches
    from regnet.launch_folder.plan import read_plan
    from regnet.launch_folder.status import status_of

    folders = [find_launch(options.launch, Path()).folder] if options.launch else sorted(find_launches(Path()))
    count = size = 0
    for folder in folders:
        plan = read_plan(folder)
        if plan is None:
            continue
        status = status_of(plan)
        if status.running:
            print(f"{folder} is running: nothing was removed")
            continue
        for path in superfluous_files(status, checkpoints=options.checkpoints):
            count += 1
            size += path.stat().st_size
            try:
                print(path) if options.dry_run else path.unlink()
            except OSError as error:
                raise RegnetError(f"{path} cannot be removed: {error.strerror}") from error
    print(f"{count} files, {size / 1e6:.1f} MB{' could be' if options.dry_run else ''} removed")
    return 0
