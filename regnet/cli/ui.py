"""`regnet ui`: MLflow's UI, opened where a launch's runs are grouped by study."""

from __future__ import annotations

import argparse
import webbrowser
from contextlib import suppress

from regnet.cli.console import results_console
from regnet.cli.links import print_each
from regnet.tracking import quiet_mlflow
from regnet.tracking.store.uri import check_store, is_server, store_uri
from regnet.tracking.ui.server import serving


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet ui`."""
    parser.add_argument(
        "--uri", help="the MLflow store, or a server that has it (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db)"
    )
    parser.add_argument("--experiment", metavar="NAME", help="the MLflow experiment (default: that of the newest launch)")
    parser.add_argument("--port", type=int, default=5000, help="the port on this machine, 0 for any (default: %(default)s)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="print the links and open none")


def ui(options: argparse.Namespace) -> int:
    """Opens the newest launch of the store, served from here until Ctrl-C unless a server has it already."""
    quiet_mlflow()
    uri = store_uri(options.uri)
    check_store(uri, create=False)
    if is_server(uri):
        _open(_links(uri, options.experiment, uri.rstrip("/") + "/"), options.browser)
        return 0
    with serving(uri, options.port) as server:
        links = _links(uri, options.experiment, server.url)  # while the server starts
        server.wait_until_ready()
        with suppress(KeyboardInterrupt):
            _open(links, options.browser)
            results_console().print("Ctrl-C ends the server.")
            server.wait()
    return 0


def _links(uri: str, experiment: str | None, base: str) -> dict[str, str]:
    from regnet.tracking.read.studies import newest_experiment, newest_launch
    from regnet.tracking.store.connect import connect, tracking_errors
    from regnet.tracking.ui.links import launch_links
    from regnet.tracking.ui.publish import show_view

    store = connect(uri, create=False)
    with tracking_errors(uri):
        name = experiment or newest_experiment(store)
        launch = newest_launch(store, name)
        identity = next(iter(store.experiments(name)))
        show_view(store, identity, launch)
        return launch_links(store, identity, launch, base)


def _open(links: dict[str, str], browser: bool) -> None:
    """Prints where there is what to see, and shows the first in the user's browser."""
    print_each(results_console(), links)
    if browser:
        webbrowser.open(next(iter(links.values())))
