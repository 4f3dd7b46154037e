"""`regnet report`: a launch's tables and figures made again from what the MLflow store holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from regnet.catalog import load_catalog
from regnet.cli.console import results_console
from regnet.tracking import quiet_mlflow


def report(options: argparse.Namespace) -> int:
    """Reads the studies of one launch, writes their report to a folder and prints its tables."""
    quiet_mlflow()
    from regnet.report.build import build_report
    from regnet.tracking.read import newest_experiment, newest_launch, read_launch
    from regnet.tracking.store import connect, store_uri, tracking_errors

    uri = store_uri(options.uri)
    client = connect(options.uri, create=False)
    with tracking_errors(uri):
        experiment = options.experiment or newest_experiment(client)
        launch = options.launch or newest_launch(client, experiment)
        results = read_launch(client, experiment, launch)
    kind = options.kind or str(results[0].config["report"])
    made = build_report(results, "table" if kind == "none" else kind, Path(options.out), load_catalog())
    console = results_console()
    console.print(f"Launch {launch} of experiment {experiment}")
    for table in made.tables:
        table.print(console)
    console.print(f"Written to {options.out}: {', '.join(path.name for path in made.files)}")
    return 0
