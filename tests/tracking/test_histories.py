"""Histories read in bulk equal those that MLflow's client reads run by run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from regnet.tracking.store import sql_store
from regnet.tracking.store.client_store import ClientStore
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.sql_store import SqlStore


def test_query_equals_client(store: Callable[[], MlflowClient], monkeypatch: pytest.MonkeyPatch) -> None:
    client = store()
    made = [client.create_run("0").info.run_id for _ in range(3)]
    draw = np.random.default_rng(0)
    for run_id in made[:2]:
        steps = 1 + draw.permutation(30)  # a store may give them in any order
        points = [Metric(name, draw.random(), 1_000 + int(step), int(step)) for name in ("a", "b", "c") for step in steps]
        client.log_batch(run_id, [*points, Metric("a", float("nan"), 2_000, 41)])
    bulk = store_of(client)
    assert isinstance(bulk, SqlStore)
    runs = bulk.find_runs({"0": "Default"}, {})
    monkeypatch.setattr(sql_store, "RUNS_PER_QUERY", 2)
    monkeypatch.setattr(sql_store, "ROWS_AT_ONCE", 7)
    in_bulk = bulk.histories(runs, {"a", "b", "d"})
    one_by_one = ClientStore(client).histories(runs, {"a", "b", "d"})
    assert [sorted(in_bulk[run_id]) for run_id in made] == [["a", "b"], ["a", "b"], []]
    for run_id, history in one_by_one.items():
        assert in_bulk[run_id].keys() == history.keys()
        for name, values in history.items():
            assert np.array_equal(in_bulk[run_id][name], values, equal_nan=True)
            assert len(values) == (41 if name == "a" else 30)  # in epochs without a value the metric was undefined
