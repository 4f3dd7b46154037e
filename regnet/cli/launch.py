"""`regnet run`: Hydra composes one job or many, each job trains a study, and at the end the launch's results are put together."""

from __future__ import annotations

import argparse
import gc
import itertools
import logging
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra._internal.hydra import Hydra
from hydra._internal.utils import _run_hydra, create_config_search_path, get_args_parser
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from regnet.cli.console import print_written, results_console, tell_of_broken
from regnet.cli.links import print_links
from regnet.cli.options import add_plugin_options
from regnet.config.compose import CONFIG_MODULE, CONFIG_NAME, register_groups, with_search_path
from regnet.config.errors import readable_errors
from regnet.errors import ConfigError
from regnet.launcher.sweep_loader import SweepLoader
from regnet.launcher.task import train_job
from regnet.registry.catalog import load_catalog
from regnet.registry.selection import add_overrides_to_policy, add_to_policy
from regnet.report.build import PAGES, build_report
from regnet.report.launch_info import from_folder
from regnet.study.result import by_study
from regnet.study.storage import find_results, load_result
from regnet.tracking.store.passwords import without_password
from regnet.tracking.write.process import writing_process

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


def _add_folder(search_path: ConfigSearchPath, folder: str) -> None:
    if not Path(folder).is_dir():
        raise ConfigError(f"--config-dir: there is no folder {folder}")
    search_path.prepend("command-line", f"file://{Path(folder).resolve()}", anchor="schema")
