"""`regnet run`: Hydra composes one job or many, each job trains a study, and at the end the launch's results are compared."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from regnet.cli import FAILED, MACHINE_FAULTS
from regnet.cli.auto_seeds import run_looks
from regnet.cli.console import messages_last, print_broken, print_written, results_console
from regnet.cli.options import add_plugin_options
from regnet.cli.ui import print_links
from regnet.config.compose import register_groups, with_search_path
from regnet.config.errors import readable_errors
from regnet.errors import JobSkipped, StoreAway
from regnet.launch_folder.looks import read_looks
from regnet.launch_folder.outcome import JobOutcome, outcomes_of
from regnet.launch_folder.owner import owned
from regnet.launch_folder.plan import Plan, read_plan
from regnet.launch_folder.status import Status, status_of
from regnet.launcher.command_line import only_shows, parse_words, set_up_hydra, show
from regnet.launcher.driver import compose_launch
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.selection import add_files, add_overrides_to_policy
from regnet.report.build import PAGES, build_report
from regnet.report.launch_info import from_folder
from regnet.report.tables.jobs import count_jobs, list_failures, write_jobs
from regnet.study.result import StudyResult, by_study
from regnet.tracking import UNSYNCED, sync_if_needed
from regnet.tracking.store.messages import Destination
from regnet.tracking.store.uri import must_be_named

PROGRAM = "regnet run"


def launch(words: Sequence[str]) -> int:
    """Does what the words after `regnet run` say, as Hydra's users expect: overrides, `-m`, `--cfg job`, `--help` and so on."""
    set_up_hydra()
    logging.raiseExceptions = False  # otherwise each record that a full disk does not take prints a traceback
    own = argparse.ArgumentParser(prog=PROGRAM, add_help=False, allow_abbrev=False)
    add_plugin_options(own)
    chosen, rest = own.parse_known_args(words)
    options = parse_words(rest, PROGRAM)
    add_files(*chosen.plugin)
    add_overrides_to_policy(options.overrides)
    catalog = load_catalog()
    catalog.refuse_broken_files()
    print_broken(catalog, strict=chosen.strict)
    register_groups(catalog)
    options.overrides = with_search_path(options.overrides, catalog)
    with readable_errors(catalog):
        if only_shows(options):
            show(options, PROGRAM)
        else:
            return _launch(options, words, catalog)
    return 0


def _launch(options: argparse.Namespace, words: Sequence[str], catalog: Catalog) -> int:
    """Runs the jobs; returns 1 if a seed failed for another reason than divergence, or the store misses runs."""
    driver = compose_launch(options, catalog, words)
    skipped = False
    with owned(driver.folder):
        try:
            run_looks(driver) if driver.sequential else driver.run()
        except JobSkipped:  # why another job failed is said below
            skipped = True
        finally:
            plan = read_plan(driver.folder)
            assert plan is not None
            status = status_of(plan)
            results = by_study(result for job in status.jobs if (result := job.complete_result))
            outcomes = outcomes_of(status) if plan.start.multirun else []
            complete = _report(results, outcomes, plan)
            _print_jobs(outcomes)
            mistake = isinstance(sys.exception(), Exception) and not status.finished  # it would be made again
            if status.finished < status.planned and not mistake:
                _print_how_to_continue(status)
    return FAILED if skipped or not complete or any(result.faults for result in results) else 0


def _print_how_to_continue(status: Status) -> None:
    store = status.plan.start.store
    command = shlex.join(
        ["regnet", "resume", str(status.plan.folder), *([f"tracking.uri={store}"] if must_be_named(store) else [])]
    )
    print(f"regnet: {status.counts}; to train the others: {command}", file=sys.stderr)


def _print_jobs(outcomes: Sequence[JobOutcome]) -> None:
    """Prints how the jobs of a sweep ended, and which failed."""
    if outcomes:
        print(count_jobs(outcomes))
    for line in list_failures(outcomes):
        print(line, file=sys.stderr)


def _report(results: Sequence[StudyResult], outcomes: Sequence[JobOutcome], plan: Plan) -> bool:
    """Writes all reports and prints the results; returns whether everything is written."""
    try:
        if outcomes:
            write_jobs(outcomes, plan.folder / "report")
        with messages_last():
            return _conclude(results, plan)
    except OSError as error:
        if error.errno not in MACHINE_FAULTS:
            raise
        print(f"regnet: the report cannot be written to {plan.folder / 'report'}: {error.strerror}", file=sys.stderr)
        return False


def _conclude(results: Sequence[StudyResult], plan: Plan) -> bool:
    """Writes the report and the summary runs, and then prints the results; returns whether the store has everything.

    Printing comes last, because it fails if nobody reads the output any more.
    """
    kind = results[0].config["report"] if results else "none"
    catalog, report, made = load_catalog(), plan.folder / "report", None
    if kind != "none":
        origin = from_folder(plan.folder, results, catalog, plan.command) if kind in PAGES else None
        made = build_report(results, kind, report, catalog, origin, looks=read_looks(plan.folder))
    where: list[Destination] = []
    away: StoreAway | None = None
    if any(result.config["tracking"]["name"] == "mlflow" for result in results):
        try:
            sync_if_needed(plan, catalog)
            if made is not None or _has_models(results):
                where = _write_summaries(results, plan, report if made is not None else None)
        except StoreAway as error:
            away = error
            (plan.folder / UNSYNCED).touch()
    console = results_console()
    if made is not None:
        for table in made.tables:
            table.print(console)
        print_written(console, report, made.files)
    for destination in where if made is not None else []:
        print_links(console, destination, plan.start.launch, studies=len(results))
    if away is not None:
        store = plan.start.store
        command = shlex.join(["regnet", "sync", str(plan.folder), *(["--uri", str(store)] if must_be_named(store) else [])])
        print(f"regnet: {away}\nThe results are in {plan.folder}; to write them to the store: {command}", file=sys.stderr)
    return away is None


def _has_models(results: Sequence[StudyResult]) -> bool:
    from regnet.tracking.write.model_selection import is_wanted

    return any(result.config["tracking"]["name"] == "mlflow" and is_wanted(result) for result in results)


def _write_summaries(results: Sequence[StudyResult], plan: Plan, report: Path | None) -> list[Destination]:
    from regnet.tracking.write.summary import write_summaries

    return write_summaries(results, plan.name, report, plan.command)
