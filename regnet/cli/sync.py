"""`regnet sync`: write what the MLflow store misses of a launch, from the launch's folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from regnet.cli.options import add_plugin_files
from regnet.cli.status import add_launch_option
from regnet.errors import ConfigError
from regnet.tracking import quiet_mlflow


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet sync`."""
    add_launch_option(parser)
    add_plugin_files(parser)
    parser.add_argument("--uri", help="the MLflow store or server (default: that of the launch)")


def sync(options: argparse.Namespace) -> int:
    """Writes the runs that the store misses, completes the others, and writes the summary runs."""
    quiet_mlflow()
    from regnet.credentials import hide
    from regnet.launch_folder.find import find_launch
    from regnet.launch_folder.place import working_directory
    from regnet.launch_folder.status import status_of
    from regnet.registry.catalog import load_catalog
    from regnet.study.result import by_study
    from regnet.tracking.store.uri import store_uri
    from regnet.tracking.sync import sync_launch
    from regnet.tracking.write.summary import write_summaries

    uri = options.uri and store_uri(options.uri)
    plan = find_launch(options.launch, Path())
    if plan.start.store is None and uri is None:
        raise ConfigError(f"the launch in {plan.folder} was not tracked: name a store with --uri")
    os.chdir(working_directory(plan))
    synced = sync_launch(plan, load_catalog(), uri)
    results = by_study(result for status in status_of(plan).jobs if (result := status.complete_result))
    report = plan.folder / "report"
    write_summaries(results, plan.name, report if report.is_dir() else None, plan.command, uri)
    for part in synced:
        where = hide(part.destination.uri)
        print(f"{where}, experiment {part.destination.experiment}: {part.written} runs written, {part.present} were there")
    return 0
