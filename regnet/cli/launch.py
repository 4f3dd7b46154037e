"""`regnet run`: Hydra composes one job or many, each job trains a study, and at the end the launch's results are put together."""

from __future__ import annotations

import argparse
import gc
import itertools
import logging
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hydra
import numpy as np
from hydra._internal.hydra import Hydra
from hydra._internal.utils import _run_hydra, create_config_search_path, get_args_parser
from hydra.conf import HydraConf
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from rich.console import Console

from regnet.cli.console import print_written, results_console, tell_of_broken
from regnet.cli.links import print_links
from regnet.cli.options import add_plugin_options
from regnet.config.build_study import assemble
from regnet.config.compose import CONFIG_MODULE, CONFIG_NAME, plain, register_groups, with_search_path
from regnet.config.errors import readable_errors
from regnet.errors import ConfigError
from regnet.launcher.progress import progress_bar
from regnet.launcher.sweep_loader import SweepLoader
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.selection import add_overrides_to_policy, add_to_policy
from regnet.report.build import PAGES, build_report
from regnet.report.launch_info import from_folder
from regnet.study.result import StudyResult, by_study
from regnet.study.storage import find_results, load_result, save_result
from regnet.study.study import Study
from regnet.tracking import open_tracker
from regnet.tracking.store.passwords import without_password
from regnet.tracking.write.process import writing_process
from regnet.training.lockstep import refuse_if_all_diverged, run_study

SEARCH_PATH = f"pkg://{CONFIG_MODULE}"


def launch(words: Sequence[str]) -> int:
    """Does what the words after `regnet run` say, as Hydra's users expect: overrides, `-m`, `--cfg job`, `--help` and so on."""
    hydra.version.setbase("1.3")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra shall raise its errors, for us to put in a line
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # Hydra would print that it looks for fonts
    own = argparse.ArgumentParser(prog="regnet run", add_help=False, allow_abbrev=False)
    add_plugin_options(own)
    chosen, rest = own.parse_known_args(words)
    parser = get_args_parser()
    parser.prog = own.prog
    options = parser.parse_args(rest)
    add_to_policy(*chosen.plugin)
    add_overrides_to_policy(options.overrides)
    catalog = load_catalog()
    tell_of_broken(catalog, strict=chosen.strict)
    register_groups(catalog)
    options.overrides = with_search_path(options.overrides, catalog)
    with readable_errors(catalog):
        if not (options.help or options.hydra_help or options.cfg or options.info or options.shell_completion):
            command = without_password(shlex.join(["regnet", "run", *words]))
            return _launch(options.overrides, options.multirun, options.config_dir, command)
        _run_hydra(options, parser, train_job, SEARCH_PATH, CONFIG_NAME)
    return 0


def train_job(config: DictConfig) -> float:
    """One of Hydra's jobs: trains the study that the configuration describes, and keeps its result in the job's folder.

    Returns the mean of the final headline metric over the seeds, for sweepers that optimize it.
    """
    catalog = load_catalog()
    study = assemble(plain(config), catalog)
    with listening([study], catalog, HydraConfig.get()) as listeners:
        result = run_study(study, listeners)
    return keep_result(result)


@contextmanager
def listening(studies: Sequence[Study], catalog: Catalog, hydra: HydraConf) -> Iterator[Listeners]:
    """Within, whoever hears of some studies of one launch: the plugins, a progress bar and the tracker.

    Raises:
        TrackingError: the runs cannot be written down.
    """
    manager = catalog.plugins.manager
    with progress_bar(studies, manager), open_tracker(manager, _launch_name(hydra)):
        yield Listeners(catalog.plugins)


def keep_result(result: StudyResult) -> float:
    """Writes the result into the folder of the job that Hydra is at, and tells of the seeds that failed.

    Returns the mean of the final headline metric over the seeds.

    Raises:
        Diverged: not one seed was trained to the end.
    """
    save_result(result, Path(HydraConfig.get().runtime.output_dir))
    for seed, reason in result.failures.items():
        Console(stderr=True).print(f"regnet: {result.name}: seed {seed} {reason}", style="yellow", soft_wrap=True, highlight=False)
    refuse_if_all_diverged(result)
    return float(np.nanmean(result.history[result.headline][:, -1]))


def _launch(overrides: list[str], multirun: bool, config_dir: str | None, command: str) -> int:
    search_path = create_config_search_path(SEARCH_PATH)
    if config_dir is not None:
        _add_folder(search_path, config_dir)
    driver = Hydra("regnet", SweepLoader(search_path))
    GlobalHydra.instance().initialize(driver)
    config = driver.compose_config(
        CONFIG_NAME, overrides, RunMode.MULTIRUN, with_log_configuration=False, validate_sweep_overrides=False
    )
    if config.get("tracking", {}).get("name") == "mlflow":
        writing_process()  # it takes seconds to start, during which studies are made
    many = multirun or config.hydra.mode == RunMode.MULTIRUN
    key = "hydra.sweep.dir" if many else "hydra.run.dir"
    folder = Path(config.hydra.sweep.dir if many else config.hydra.run.dir)
    if not any(override.startswith(key) for override in overrides):
        folder = _claim(folder)
    mode = RunMode.MULTIRUN.name if many else RunMode.RUN.name
    try:
        (driver.multirun if many else driver.run)(CONFIG_NAME, train_job, [*overrides, f"{key}='{folder}'", f"hydra.mode={mode}"])
    finally:
        gc.unfreeze()  # what composing the jobs has frozen
        _conclude(folder, str(folder), command)
    return 0


def _conclude(folder: Path, name: str, command: str) -> None:
    """Prints the results of the jobs that were completed, and writes their report and their summary runs."""
    results = by_study(load_result(job) for job in find_results(folder))
    kind = results[0].config["report"] if results else "none"
    if kind == "none":
        return
    catalog = load_catalog()
    origin = from_folder(folder, results, catalog, command) if kind in PAGES else None
    report = build_report(results, kind, folder / "report", catalog, origin)
    console = results_console()
    for table in report.tables:
        table.print(console)
    print_written(console, folder / "report", report.files)
    if any(result.config["tracking"]["name"] == "mlflow" for result in results):
        from regnet.tracking.write.summary import write_summaries

        for where in write_summaries(results, name, folder / "report", command):
            print_links(console, where, name, studies=len(results))


def _claim(folder: Path) -> Path:
    """A new folder of that name, or of the next free one where another launch of the same second has it."""
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    for candidate in itertools.chain([folder], names):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"results cannot be written to {folder}: {error.strerror} (go elsewhere, or set hydra.run.dir)"
            ) from error
        return candidate
    raise AssertionError("the numbers have run out")


def _launch_name(hydra: HydraConf) -> str:
    return str(hydra.sweep.dir if hydra.mode == RunMode.MULTIRUN else hydra.run.dir)


def _add_folder(search_path: ConfigSearchPath, folder: str) -> None:
    if not Path(folder).is_dir():
        raise ConfigError(f"--config-dir: there is no folder {folder}")
    search_path.prepend("command-line", f"file://{Path(folder).resolve()}", anchor="schema")
