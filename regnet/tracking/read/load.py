"""`regnet.load_results`: the runs of a store as a pandas table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    import pandas as pd


def load_results(
    uri: str | None = None, experiment: str | None = None, launch: str | None = None, history: bool = False
) -> pd.DataFrame:
    """Return the runs of a store as a tidy table: parameters by dotted name, final metrics, failures, and times in seconds.

    Args:
        uri: the MLflow store or server; by default ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the working directory.
        experiment: the MLflow experiment; by default all.
        launch: the launch, as in the tag ``regnet.launch``; by default all.
        history: whether to return a row for each run and epoch, with the metrics after that epoch, instead of a row for each run.

    Raises:
        TrackingError: the store cannot be read, or the experiment or launch does not exist.
    """
    quiet_mlflow()
    from regnet.tracking.read.dataframe import epochs_frame, runs_frame
    from regnet.tracking.read.select import launched_runs
    from regnet.tracking.store.connect import connect, store_uri, tracking_errors

    store = connect(uri, create=False)
    with tracking_errors(store_uri(uri)):
        runs = launched_runs(store, launch, experiment)
        return epochs_frame(store, runs) if history else runs_frame(runs)
