"""The launcher plugin, which Hydra imports at every start: it trains regnet's jobs together, and runs other jobs one by one."""

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
    """Launches the jobs of a sweep like the basic launcher, but trains similar networks in one program.

    Args:
        workers: the number of processes that train at the same time; 0 is the number of cores.
        memory: the memory in GB (10⁹ bytes) that the running programs may use; by default half of the free memory.
    """

    plans_batches = True

    def __init__(self, workers: int = 0, memory: float | None = None) -> None:
        super().__init__()
        self.workers = workers
        self.memory = memory

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        if not is_regnet_task(self.task_function):
            return super().launch(job_overrides, initial_job_idx)
        return launch_in_lockstep(self, job_overrides, initial_job_idx, workers=self.workers, memory=self.memory)
