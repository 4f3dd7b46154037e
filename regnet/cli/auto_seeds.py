"""``seeds=auto``: run the jobs of a sweep again with more seeds, until it is shown how its studies differ."""

from __future__ import annotations

from pathlib import Path

from regnet.cli.console import results_console
from regnet.errors import BadObjective, ConfigError, JobSkipped, RegnetError
from regnet.launch_folder.failure import STOPPED
from regnet.launch_folder.looks import Looks, read_looks, schedule
from regnet.launch_folder.plan import read_plan
from regnet.launch_folder.status import status_of
from regnet.launcher.driver import Driver
from regnet.registry.launch_settings import LaunchSettings
from regnet.report.sequential import describe_look, look_at
from regnet.study.result import StudyResult, by_study


def run_looks(driver: Driver) -> None:
    """Run the jobs with ever more seeds, and look at the values after each.

    Raises:
        ConfigError: the launch was started with another gap, power or number of seeds.
        RegnetError: as `Driver.run`; a study that diverged raises at the end.
    """
    looks = _state(driver.folder, driver.settings)
    failure: RegnetError | None = None
    while True:
        looks.write(driver.folder)
        try:
            driver.run()
        except RegnetError as error:  # the other studies continue
            if isinstance(error, JobSkipped | BadObjective) or (driver.folder / STOPPED).exists():
                raise
            failure = error
        results = _results(driver.folder)
        if looks.ended or not results:
            break
        before, looks = looks, look_at(results, looks)
        results_console().print(describe_look(before, looks), highlight=False, soft_wrap=True)
        if looks.ended:
            looks.write(driver.folder)
            break
    if failure is not None:
        raise failure


def _state(folder: Path, settings: LaunchSettings) -> Looks:
    """Return the state in a launch's folder, or that of a new launch."""
    assert settings.gap is not None
    new = Looks(schedule(settings.max_seeds), settings.gap, settings.power)
    looks = read_looks(folder) or new
    if (looks.schedule, looks.gap, looks.power) != (new.schedule, new.gap, new.power):
        raise ConfigError(
            f"the launch in {folder} was started with gap={looks.gap:g} power={looks.power:g} max_seeds={looks.schedule[-1]}: "
            "these are set before the values are seen, so give them again, or start a new launch"
        )
    return looks


def _results(folder: Path) -> list[StudyResult]:
    plan = read_plan(folder)
    assert plan is not None
    return by_study(result for job in status_of(plan).jobs if (result := job.complete_result))
