"""Set up an SQLite store quickly, from a saved script: MLflow takes seconds to create a store, always with the same tables."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from mlflow.tracking import MlflowClient
from platformdirs import user_cache_path

STORE_SPECIFIC = 'INSERT INTO "experiments"'
"""The statement that differs between stores, and is left to MLflow: it contains the store's folder for artifacts."""


def is_blank(path: Path) -> bool:
    """Return whether a file does not exist or is empty."""
    return not path.exists() or path.stat().st_size == 0


def set_up(path: Path) -> None:
    """Create MLflow's tables in a blank file.

    Errors are ignored, such as a lock of another process, because MLflow creates whatever is missing when it opens the store.
    """
    with suppress(OSError, sqlite3.Error):
        script = _cached_script()
        with closing(sqlite3.connect(path)) as store:
            store.executescript(script)


def _cached_script() -> str:
    """Return the SQL script of a new store from the user's cache; create it once for each version of MLflow."""
    cached = user_cache_path("regnet") / f"mlflow-{version('mlflow')}.sql"
    if not cached.exists():
        script = _script()
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=cached.parent, delete=False) as draft:
            draft.write(script)
        Path(draft.name).replace(cached)
    return cached.read_text(encoding="utf-8")


def _script() -> str:
    """Return the SQL script of a store that MLflow has created."""
    with tempfile.TemporaryDirectory(prefix="regnet-") as folder:
        path = Path(folder) / "mlflow.db"
        MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
        with closing(sqlite3.connect(path)) as store:
            _, *lines = (line for line in store.iterdump() if not line.startswith(STORE_SPECIFIC))
    return "\n".join(["BEGIN EXCLUSIVE;", *lines])
