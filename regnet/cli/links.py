"""Telling where a launch can be looked at in MLflow's UI."""

from __future__ import annotations

from rich.console import Console

from regnet.tracking.store.messages import Destination
from regnet.tracking.store.uri import is_server, store_uri
from regnet.tracking.ui.server import DEFAULT_PORT, address


def print_links(console: Console, where: Destination, launch: str, *, studies: int) -> None:
    """Prints which command shows a launch and, where there are studies to compare, the pages that do; finding them takes a second.

    Raises:
        TrackingError: the store cannot be reached or read.
    """
    command = "regnet ui" if where.uri == store_uri(None) else f"regnet ui --uri {where.uri}"
    console.print(f"To look at the runs in MLflow: {command}", soft_wrap=True)
    if studies > 1:
        print_each(console, _links(where, launch))


def print_each(console: Console, links: dict[str, str]) -> None:
    """Prints each link on a line of its own, after what is to be seen there."""
    for words, link in links.items():
        console.print(f"{words}: {link}", soft_wrap=True)


def _links(where: Destination, launch: str) -> dict[str, str]:
    """On the server that has the runs, or else on the one that `regnet ui` would start."""
    from regnet.tracking.store.connect import connect, tracking_errors
    from regnet.tracking.ui.links import launch_links

    store = connect(where.uri, create=False)
    with tracking_errors(where.uri):
        base = where.uri.rstrip("/") + "/" if is_server(where.uri) else address(DEFAULT_PORT)
        return launch_links(store, next(iter(store.experiments(where.experiment))), launch, base)
