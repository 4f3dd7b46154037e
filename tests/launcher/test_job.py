"""A job has exactly the outputs of Hydra's `run_job`, whether its task returns or raises."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra import compose, initialize
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from regnet.launcher.job import Job
from regnet.launcher.job_logging import JobLogging
from regnet.launcher.yaml_writer import YamlWriter

OVERRIDES = ["+a=1", "+b.c=${a}", "+b.d=${hydra:job.num}", "hydra.sweep.subdir=${hydra.job.num}/x"]


class Callbacks:
    """Hydra's callbacks, which record their arguments."""

    def __init__(self) -> None:
        self.recorded: list[Any] = []

    def on_job_start(self, config: DictConfig, *, task_function: Any, **_: Any) -> None:
        self.recorded += [OmegaConf.to_yaml(config), task_function, HydraConfig.get().runtime.output_dir]
        logging.getLogger("callback").info("the job starts")

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        self.recorded += [OmegaConf.to_yaml(config), job_return.status, HydraConfig.get().job.num, HydraConfig.get().sweep.subdir]
        logging.getLogger("callback").info("the job ends")


@pytest.fixture
def config() -> Iterator[DictConfig]:
    hydra.version.setbase("1.3")
    setup_globals()
    before = logging.getLogger().handlers[:]
    with initialize(None, version_base="1.3"):
        found = compose(overrides=OVERRIDES, return_hydra_config=True)
    with open_dict(found):
        found.hydra.job.num = found.hydra.job.id = 3
        found.hydra.job.name = "name"
    yield found
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(logging.WARNING)


def task(config: DictConfig) -> float:
    logging.getLogger("task").info("at work")
    if config.a == 2:
        raise ZeroDivisionError("mine")
    return float(config.b.c + config.b.d + HydraConfig.get().job.num)


def described(ret: JobReturn, recorded: list[Any], folder: Path) -> Any:
    """All outputs of a job, with the name of its folder removed."""
    kept = {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}
    value = repr(ret._return_value)
    assert ret.hydra_cfg is not None
    fields = [ret.overrides, ret.cfg, ret.hydra_cfg.hydra, ret.working_dir, ret.task_name, ret.status, value]
    flags = [part._get_flag(flag) for part in (ret.cfg, ret.hydra_cfg, ret.hydra_cfg.hydra) for flag in ("readonly", "struct")]
    text = "\n".join(map(str, [kept, fields, flags, recorded, ret.hydra_cfg.hydra.runtime._get_full_key("output_dir")]))
    return re.sub(r"\d\d:\d\d:\d\d,\d+", "NOW", text.replace(str(folder), "FOLDER"))


@pytest.mark.parametrize("a", [1, 2])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"output_subdir": None},
        {"verbose": True},
        {"job_logging.handlers.file.mode": "w"},
        {"job_logging.root.level": "DEBUG"},
        {"job_logging.loggers": {"task": {"level": "ERROR"}}},
    ],
    ids=str,
)
def test_outputs_equal_those_of_hydra(a: int, changes: dict[str, Any], config: DictConfig, tmp_path: Path) -> None:
    """Three jobs of a launch: the second is like the first, whose logging it may use again, and the third has other settings."""
    config.a = a
    for key, value in changes.items():
        OmegaConf.update(config.hydra, key, value, force_add=True)
    found = []
    for way in ("hydra", "lockstep"):
        found.append([])
        writer, job_logging = YamlWriter(), JobLogging()
        for number in (3, 4, 5):
            own = copy.deepcopy(config)
            own.hydra.sweep.dir = str(tmp_path / way)
            own.hydra.job.num = number
            if number == 5:
                own.hydra.job_logging.root.level = "WARNING"
            callbacks = Callbacks()
            context = HydraContext(config_loader=None, callbacks=callbacks)  # type: ignore[arg-type]
            if way == "hydra":
                ret = run_job(task, own, "hydra.sweep.dir", "hydra.sweep.subdir", context)
            else:
                job = Job(own)
                work = partial(task, job.task_config)
                ret = job.run(work, task, context, writer=writer, logging=job_logging)
            found[-1].append(described(ret, callbacks.recorded, tmp_path / way))
            logging.getLogger("task").setLevel(logging.NOTSET)
    assert found[0] == found[1]
    assert not HydraConfig.initialized()


@pytest.mark.parametrize(("override", "own"), [("hydra.job.chdir=true", True), ("hydra.job.chdir=false", False), ("+a=2", False)])
def test_jobs_that_need_their_own_environment(override: str, own: bool) -> None:
    hydra.version.setbase("1.3")
    setup_globals()
    with initialize(None, version_base="1.3"):
        config = compose(overrides=["hydra.job.num=0", override], return_hydra_config=True)
    assert Job(copy.deepcopy(config)).needs_its_own_environment == own
    config.hydra.job.env_set = {"NAME": "value"}
    assert Job(config).needs_its_own_environment
