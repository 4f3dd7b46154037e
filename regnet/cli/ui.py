"""`regnet ui`: MLflow's UI, opened where a launch's runs are grouped by study; other commands print where that is."""

from __future__ import annotations

import argparse
import webbrowser
from contextlib import suppress

from rich.console import Console

from regnet.cli.console import results_console
from regnet.credentials import hide
from regnet.tracking import quiet_mlflow
from regnet.tracking.store.messages import Destination
from regnet.tracking.store.uri import check_store, is_server, store_uri
from regnet.tracking.ui.server import DEFAULT_PORT, address, serving


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet ui`."""
    parser.add_argument(
        "--uri", help="the MLflow store, or a server that has it (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db)"
    )
    parser.add_argument("--experiment", metavar="NAME", help="the MLflow experiment (default: that of the newest launch)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="the port on this machine, 0 for any (default: %(default)s)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="print the links and open none")


def ui(options: argparse.Namespace) -> int:
    """Opens the newest launch of the store, served from here until Ctrl-C unless a server has it already."""
    quiet_mlflow()
    uri = store_uri(options.uri)
    check_store(uri, create=False)
    if is_server(uri):
        _open(_newest_links(uri, options.experiment, _base(uri)), options.browser)
        return 0
    with serving(uri, options.port) as server:
        links = _newest_links(uri, options.experiment, server.url)  # while the server starts
        server.wait_until_ready()
        with suppress(KeyboardInterrupt):
            _open(links, options.browser)
            results_console().print("Ctrl-C ends the server.")
            server.wait()
    return 0


def print_links(console: Console, where: Destination, launch: str, *, studies: int) -> None:
    """Prints which command shows a launch and, where there are studies to compare, the pages that do; finding them takes a second.

    Raises:
        TrackingError: the store cannot be reached or read.
    """
    command = "regnet ui" if where.uri == store_uri(None) else f"regnet ui --uri {hide(where.uri)}"
    console.print(f"To look at the runs in MLflow: {command}", soft_wrap=True)
    if studies > 1:
        _print_each(console, _links(where, launch))


def _links(where: Destination, launch: str) -> dict[str, str]:
    """The pages of a launch, on the server that has the runs or else on the one that `regnet ui` would start."""
    from regnet.tracking.store.connect import connect, tracking_errors
    from regnet.tracking.ui.links import launch_links

    store = connect(where.uri, create=False)
    with tracking_errors(where.uri):
        base = _base(where.uri) if is_server(where.uri) else address(DEFAULT_PORT)
        return launch_links(store, next(iter(store.experiments(where.experiment))), launch, base)


def _newest_links(uri: str, experiment: str | None, base: str) -> dict[str, str]:
    """The pages of the newest launch, of which a view is kept in the store."""
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


def _base(server: str) -> str:
    return server.rstrip("/") + "/"


def _open(links: dict[str, str], browser: bool) -> None:
    """Prints the links, and opens the first in the user's browser."""
    _print_each(results_console(), links)
    if browser:
        webbrowser.open(next(iter(links.values())))


def _print_each(console: Console, links: dict[str, str]) -> None:
    """Prints each link on a line of its own, after what is to be seen there."""
    for words, link in links.items():
        console.print(f"{words}: {link}", soft_wrap=True)
