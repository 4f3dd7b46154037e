"""Launches for tests of reports: trained studies, saved in a folder as by `regnet run`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from regnet.registry.catalog import Catalog
from regnet.report.build import Report, build_report
from regnet.report.launch_info import from_folder
from regnet.study.result import StudyResult
from regnet.study.storage import save_result
from tests.conftest import RunStudy

SMALL = ("dataset.train_size=60", "dataset.test_size=50", "epochs=3", "seeds=4")


COMMAND = "regnet run -m optimizer.lr=0.001,0.01 'seeds=[1, 2]'"


def keep(folder: Path, results: Iterable[StudyResult]) -> list[StudyResult]:
    """Saves results in the folders of a sweep's jobs, with Hydra's files; returns the results."""
    kept = list(results)
    for number, result in enumerate(kept):
        save_result(result, folder / str(number))
    (folder / "multirun.yaml").touch()
    return kept


def sweep(folder: Path, run: RunStudy, *values: str) -> list[StudyResult]:
    """A launch of small studies, one for each override."""
    return keep(folder, [run(*SMALL, value) for value in values])


def report(folder: Path, results: Sequence[StudyResult], catalog: Catalog, kind: str = "page") -> Report:
    """Writes the report of a launch, as at the end of `regnet run`."""
    return build_report(results, kind, folder / "report", catalog, from_folder(folder, results, catalog, COMMAND))
