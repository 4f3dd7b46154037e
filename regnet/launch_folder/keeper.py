"""Keep the results of studies in the folders of their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regnet.launch_folder.job_folder import JobFolder
from regnet.launch_folder.plan import Plan
from regnet.registry.launch_settings import LaunchSettings
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.checkpoint import CheckpointRule


class FolderKeeper:
    """A keeper for `run_together`, which refers to studies by their index.

    Args:
        studies: the studies.
        folders: the folder of each study's job.
        plan: the launch's, which says when checkpoints are written, and when to stop; by default never.
    """

    def __init__(self, studies: Sequence[Study], folders: Sequence[Path], plan: Plan | None) -> None:
        self.deadline = plan.deadline if plan else None
        self._settings = plan.settings if plan else LaunchSettings(checkpoint_seconds=None)
        self._jobs = [(study, JobFolder(folder)) for study, folder in zip(studies, folders, strict=True)]

    def finished(self, job: int) -> StudyResult | None:
        study, folder = self._jobs[job]
        return folder.finished(study.identity, study.network)

    def keep(self, job: int, result: StudyResult) -> None:
        _, folder = self._jobs[job]
        folder.keep(result)

    def checkpoints(self, job: int) -> CheckpointRule | None:
        epochs, seconds = self._settings.checkpoint_epochs, self._settings.checkpoint_seconds
        if epochs is None and seconds is None:
            return None
        _, folder = self._jobs[job]
        return CheckpointRule(folder.path, epochs, seconds)
