"""Keep the results of studies in the folders of their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regnet.launch_folder.job_folder import JobFolder
from regnet.study.result import StudyResult
from regnet.study.study import Study


class FolderKeeper:
    """A keeper for `run_together`, which refers to studies by their index.

    Args:
        studies: the studies.
        folders: the folder of each study's job.
    """

    def __init__(self, studies: Sequence[Study], folders: Sequence[Path]) -> None:
        self._jobs = [(study, JobFolder(folder)) for study, folder in zip(studies, folders, strict=True)]

    def finished(self, job: int) -> StudyResult | None:
        study, folder = self._jobs[job]
        return folder.finished(study.identity, study.network)

    def keep(self, job: int, result: StudyResult) -> None:
        _, folder = self._jobs[job]
        folder.keep(result)
