"""Setting up an SQLite store quickly: MLflow takes seconds for a new one, though what comes of it is always the same."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from mlflow.tracking import MlflowClient
from platformdirs import user_cache_path

STORE_S_OWN = 'INSERT INTO "experiments"'
"""What MLflow writes anew for each store: its first experiment, with the store's own folder for artifacts."""


def is_blank(path: Path) -> bool:
    """Whether there is no database in a file yet."""
    return not path.exists() or path.stat().st_size == 0


def set_up(path: Path) -> None:
    """Makes of a blank file what MLflow would make of it, unless somebody else is at it: whatever is missing, MLflow then adds."""
    with suppress(OSError, sqlite3.Error):
        script = _remembered_script()
        with closing(sqlite3.connect(path)) as store:
            store.executescript(script)


def _remembered_script() -> str:
    """The SQL of a new store, which this version of MLflow is asked for once for each user."""
    memory = user_cache_path("regnet") / f"mlflow-{version('mlflow')}.sql"
    if not memory.exists():
        script = _script()
        memory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=memory.parent, delete=False) as draft:
            draft.write(script)
        Path(draft.name).replace(memory)
    return memory.read_text(encoding="utf-8")


def _script() -> str:
    with tempfile.TemporaryDirectory(prefix="regnet-") as folder:
        path = Path(folder) / "mlflow.db"
        MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
        with closing(sqlite3.connect(path)) as store:
            _, *lines = (line for line in store.iterdump() if not line.startswith(STORE_S_OWN))
    return "\n".join(["BEGIN EXCLUSIVE;", *lines])
