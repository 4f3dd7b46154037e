"""Artifacts of an SQLite store whose folder was moved or copied: MLflow records where they are as absolute paths.

regnet notes in a tag of an experiment in which folder its store was. If that is another one now, new artifacts are kept beside the
store, and the paths of the old ones are corrected, if they were moved or copied with it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from mlflow.store.tracking.dbmodels.models import SqlExperiment, SqlExperimentTag, SqlLoggedModel, SqlRun
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import func, literal, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

FOLDER: Final = "regnet.folder"
"""The tag of an experiment that names the folder of its store."""
PATHS: Final[tuple[InstrumentedAttribute[Any], ...]] = (
    SqlRun.artifact_uri,
    SqlLoggedModel.artifact_location,
    SqlModelVersion.source,
    SqlModelVersion.storage_location,
)
"""The columns that have paths of artifacts."""

UNLOADED: Final = {"synchronize_session": False}
"""The session holds no rows that an update would make wrong."""

log = logging.getLogger("regnet")


def relocate(tables: SqlAlchemyStore, folder: Path) -> None:
    """Correct the paths of artifacts in a store that is in a folder now; a store that cannot be written is left as it is."""
    try:
        with tables.ManagedSessionMaker(read_only=False) as session:
            tags = (
                session.query(SqlExperimentTag).filter(SqlExperimentTag.key == FOLDER, SqlExperimentTag.value != str(folder)).all()
            )
            for tag in tags:
                _relocate(session, int(tag.experiment_id), str(tag.value), folder)
                tag.value = str(folder)
    except (MlflowException, SQLAlchemyError) as error:
        log.debug("paths of artifacts cannot be corrected: %s", error)


def _relocate(session: Session, experiment: int, before: str, folder: Path) -> None:
    old, new = f"{before}/mlruns/{experiment}", f"{folder}/mlruns/{experiment}"
    beside = SqlExperiment.experiment_id == experiment, SqlExperiment.artifact_location == old
    session.execute(update(SqlExperiment).where(*beside).values(artifact_location=new), execution_options=UNLOADED)
    if Path(new).is_dir():
        for column in PATHS:
            within = column.startswith(f"{old}/", autoescape=True)
            corrected = literal(new).concat(func.substr(column, len(old) + 1))
            session.execute(update(column.class_).where(within).values({column.key: corrected}), execution_options=UNLOADED)
    log.info("regnet: the store was in %s before: its artifacts are looked for in %s now", before, new)
