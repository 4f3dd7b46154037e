"""The launcher that Hydra finds, and imports at every start: it trains regnet's jobs together, and runs any others one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn

from regnet.launcher import is_regnet_task, launch_in_lockstep


@dataclass
class LockstepConfig:
    """The options of `hydra/launcher=lockstep`."""

    _target_: str = "hydra_plugins.lockstep_launcher.LockstepLauncher"
    workers: int = 0
    memory: float | None = None


ConfigStore.instance().store(group="hydra/launcher", name="lockstep", node=LockstepConfig, provider="regnet-lockstep")


class LockstepLauncher(BasicLauncher):
    """Launches a sweep's jobs as the basic launcher does, except that like networks are trained in one program.

    Args:
        workers: how many processes to train in; 0 for as many as there are cores.
        memory: how many GB (10⁹ bytes) the programs at work may take; by default half of what is free.
    """

    def __init__(self, workers: int = 0, memory: float | None = None) -> None:
        super().__init__()
        self.workers = workers
        self.memory = memory

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        if not is_regnet_task(self.task_function):
            return super().launch(job_overrides, initial_job_idx)
        return launch_in_lockstep(self, job_overrides, initial_job_idx, workers=self.workers, memory=self.memory)
