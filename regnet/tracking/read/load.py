"""`regnet.load_results`: the runs of a store as a pandas table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    import pandas as pd


def load_results(
    uri: str | None = None,
    experiment: str | None = None,
    launch: str | None = None,
    history: bool = False,
    duplicates: bool = False,
) -> pd.DataFrame:
    """Return the runs of a store as a tidy table: parameters by dotted name, final metrics, failures, and times in seconds.

    There are also columns for the machine, the versions, the epoch after which a run was stopped early, and why a network has
    learned nothing. `regnet.describe_columns` explains every column of the frame.

    A seed of a study that was run more than once appears once, as in `regnet compare`: the newest finished run, or the newest run
    if none is finished. ``frame.attrs["left_out"]`` is the number of the other runs, and ``frame.attrs["notes"]`` says what a user
    should know about studies that were run more than once, such as different results of the same seed.

    Args:
        uri: the MLflow store or server; by default ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the working directory.
        experiment: the MLflow experiment; by default all.
        launch: the launch, as in the tag ``regnet.launch``; by default all.
        history: whether to return a row for each run and epoch, with the metrics after that epoch, instead of a row for each run.
            A run without metrics of any epoch, such as one that failed in the first, has one row, without epoch and metrics.
        duplicates: whether to return all runs of a seed that was run more than once.

    Raises:
        TrackingError: the store cannot be read, or the experiment or launch does not exist.
    """
    quiet_mlflow()
    from regnet.tracking.read.dataframe import epochs_frame, runs_frame
    from regnet.tracking.read.deduplicate import unite
    from regnet.tracking.read.select import launched_runs
    from regnet.tracking.store.connect import connect, store_uri, tracking_errors

    store = connect(uri, create=False)
    with tracking_errors(store_uri(uri)):
        every = launched_runs(store, launch, experiment)
        union = unite(every)
        runs = every if duplicates else union.runs
        frame = epochs_frame(store, runs) if history else runs_frame(runs)
    frame.attrs |= {"left_out": len(every) - len(runs), "notes": list(union.notes)}
    return frame
