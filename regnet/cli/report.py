"""`regnet report`: a launch's tables, figures and page made again from what the MLflow store holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from regnet.cli.console import print_written, results_console
from regnet.cli.options import add_plugin_files
from regnet.cli.stored import launched
from regnet.cli.ui import print_links
from regnet.tracking import quiet_mlflow


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet report`."""
    parser.add_argument("--uri", help="the MLflow store (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    parser.add_argument("--experiment", help="the MLflow experiment (default: that of the newest launch)")
    parser.add_argument("--launch", help="which launch, as in the tag regnet.launch (default: the newest)")
    parser.add_argument(
        "--kind",
        choices=("table", "page", "figures", "table1", "attribution"),
        help="default: what the launch asked for, or a page",
    )
    add_plugin_files(parser)
    parser.add_argument("--out", default="report", help="the folder to write to (default: %(default)s)")


def report(options: argparse.Namespace) -> int:
    """Reads the studies of one launch, writes their report to a folder and prints its tables.

    The report is of the kind that is asked for, or that the launch asked for; where it asked for no figures, a page.
    """
    quiet_mlflow()
    from regnet.registry.catalog import load_catalog
    from regnet.report.build import PAGES, build_report
    from regnet.report.launch_info_mlflow import from_store
    from regnet.tracking.store.connect import store_uri, tracking_errors
    from regnet.tracking.store.uri import destination

    store, experiment, launch, results = launched(options)
    with tracking_errors(store_uri(options.uri)):
        origin = from_store(store, experiment, launch)
        asked = str(results[0].config["report"])
        kind = options.kind or (asked if asked in PAGES else "page")
    made = build_report(results, kind, Path(options.out), load_catalog(), origin)
    console = results_console()
    console.print(f"Launch {launch} of experiment {experiment}")
    for table in made.tables:
        table.print(console)
    print_written(console, Path(options.out), made.files)
    print_links(console, destination({"uri": options.uri, "experiment": experiment}), launch, studies=len(results))
    return 0
