"""What commands read from an MLflow store: the studies that are named, or one launch."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from regnet.study.result import StudyResult
    from regnet.tracking.store.store import Store


class Selected(NamedTuple):
    """The studies that the words of a command select, each seed once."""

    results: list[StudyResult]
    notes: tuple[str, ...]
    """About studies that were launched more than once."""


class Launched(NamedTuple):
    """The studies of one launch, and where they are."""

    store: Store
    experiment: str
    launch: str
    results: list[StudyResult]


def selected(options: argparse.Namespace) -> Selected:
    """Read the studies that `options.studies` names, by default those of the newest launch."""
    from regnet.tracking.read.deduplicate import unite
    from regnet.tracking.read.select import select_runs
    from regnet.tracking.read.studies import final_results
    from regnet.tracking.store.connect import connect, store_uri, tracking_errors

    store = connect(options.uri, create=False)
    with tracking_errors(store_uri(options.uri)):
        union = unite(select_runs(store, options.studies, options.experiment))
        return Selected(final_results(union.runs), union.notes)


def launched(options: argparse.Namespace) -> Launched:
    """Read the studies of `options.launch`, by default the newest, with their histories."""
    from regnet.tracking.read.studies import newest_experiment, newest_launch, read_launch
    from regnet.tracking.store.connect import connect, store_uri, tracking_errors

    store = connect(options.uri, create=False)
    with tracking_errors(store_uri(options.uri)):
        experiment = options.experiment or newest_experiment(store)
        launch = options.launch or newest_launch(store, experiment)
        return Launched(store, experiment, launch, read_launch(store, experiment, launch))
