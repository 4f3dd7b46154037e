"""One job of a launch: does what Hydra's `run_job` does around a task, with less copying and with cached YAML."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from hydra import version
from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, _flush_loggers
from hydra.types import HydraContext, TaskFunction
from omegaconf import Container, DictConfig, OmegaConf, open_dict, read_write

from regnet.launcher.copy_config import copy_config
from regnet.launcher.job_logging import JobLogging
from regnet.launcher.yaml_writer import YamlWriter

BY_NUMBER: Final = "${hydra.job.num}"
"""Hydra's default for the name of a job's folder."""


class Job:
    """A composed job, whose task can run later, when its outcome is known.

    Only for jobs that use the working directory and environment of the launch: see `needs_its_own_environment`.
    """

    def __init__(self, config: DictConfig) -> None:
        """Take ownership of the job's whole configuration, including Hydra's part."""
        self.config = config
        self.hydra = hydra = config.hydra
        OmegaConf.set_readonly(hydra, True)
        self._find_folder()

    def move(self, subdir: str) -> None:
        """Give the job another folder in that of the launch."""
        with read_write(self.hydra.sweep):
            self.hydra.sweep.subdir = subdir
        self._find_folder()

    def _find_folder(self) -> None:
        with self.current():
            sweep = self.hydra.sweep
            by_number = sweep._get_node("subdir")._value() == BY_NUMBER  # the default, resolved without OmegaConf's slow parser
            subdir = self.hydra.job.num if by_number else sweep.subdir
            self.folder = Path(os.path.abspath(Path(str(sweep.dir), str(subdir))))  # noqa: PTH100 - does not resolve links
        runtime = self.hydra.runtime
        with read_write(runtime), open_dict(runtime):
            runtime.output_dir = str(self.folder)

    @property
    def needs_its_own_environment(self) -> bool:
        """Whether the job changes the working directory or environment variables, which jobs that are trained together share."""
        job = self.hydra.job
        changes = not version.base_at_least("1.2") if job.chdir is None else job.chdir
        return bool(changes or job.env_set)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Context manager that makes this the current job of Hydra: `HydraConfig` is the job's."""
        instance = HydraConfig.instance()
        before = instance.cfg
        instance.cfg = cast(HydraConf, _with_hydra(self.hydra))  # Hydra uses the same type for the whole and for its part
        try:
            yield
        finally:
            instance.cfg = before

    @cached_property
    def task_config(self) -> DictConfig:
        """The task's argument: a copy of the configuration without Hydra's part."""
        return copy_config(self.config, without="hydra")

    def run(
        self,
        outcome: Callable[[], Any],
        task: TaskFunction,
        context: HydraContext,
        *,
        writer: YamlWriter,
        logging: JobLogging,
    ) -> JobReturn:
        """Run the task as Hydra does, in a folder with the job's log and configuration.

        Args:
            outcome: returns what the task returns, or raises what it raises.
            task: the task, which is passed to callbacks.
            context: Hydra's context, whose callbacks are called.
            writer: writes the configuration.
            logging: configures logging for the job.
        """
        with self.current():
            overrides = cast(list[str], OmegaConf.to_container(self.hydra.overrides.task))
            ret = JobReturn(overrides, self.task_config, working_dir=str(Path.cwd()))
            ret.hydra_cfg = hydra_config = _with_hydra(copy_config(self.hydra))
            hydra_config.hydra._set_parent(hydra_config)
            self.folder.mkdir(parents=True, exist_ok=True)
            logging.configure(self.config)
            self._write({"config": self.task_config, "hydra": hydra_config, "overrides": self.hydra.overrides.task}, writer)
            context.callbacks.on_job_start(config=self.config, task_function=task)
            try:
                ret.return_value = outcome()
                ret.status = JobStatus.COMPLETED
            except Exception as error:
                ret.return_value = error
                ret.status = JobStatus.FAILED
            ret.task_name = JobRuntime.instance().get("name")
            _flush_loggers()
            context.callbacks.on_job_end(config=self.config, job_return=ret)
        return ret

    def _write(self, parts: dict[str, Container], writer: YamlWriter) -> None:
        subdir = self.hydra.output_subdir
        if subdir is None:
            return
        (self.folder / subdir).mkdir(parents=True, exist_ok=True)
        for name, part in parts.items():
            (self.folder / subdir / f"{name}.yaml").write_text(writer.text(part), encoding="utf-8")


def _with_hydra(hydra: DictConfig) -> DictConfig:
    """A configuration with only Hydra's part, whose interpolations still refer to the whole configuration."""
    config = OmegaConf.create()
    config.__dict__["_content"]["hydra"] = hydra
    return config
