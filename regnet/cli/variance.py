"""`regnet variance`: the share of each source of randomness in the variance of a study's results."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from regnet.cli.console import print_verdict, results_console
from regnet.cli.options import add_plugin_files
from regnet.cli.stored import launched
from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    from regnet.report.variance import Sources
    from regnet.rng import Streams
    from regnet.stats import Estimate, Interval
    from regnet.stats.variance_shares import VarianceShares
    from regnet.study.result import StudyResult
    from regnet.study.study import Study

SEEDS: Final = 50
SHIFT: Final = 1_000_000
"""The least number that is added to the seed of a source for other values of it."""
LARGEST_SHIFT: Final = 10**18 - 1
FIGURE: Final = "variance"
"""The name of the figure's files."""
LAUNCHER: Final = "hydra_plugins.lockstep_launcher"
"""The module of `hydra/launcher=lockstep`, which another distribution has."""
FOLDER_KEY: Final = "hydra.sweep.dir"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet variance`."""
    parser.add_argument("overrides", nargs="*", metavar="OVERRIDE", help="the study, as for regnet run: dataset=digits epochs=20")
    parser.add_argument("--seeds", type=int, help=f"how many seeds of each study that it takes (default: {SEEDS})")
    parser.add_argument("--metric", help="after the last epoch (default: the study's headline, such as test/error_rate)")
    parser.add_argument("--figure", metavar="FOLDER", type=Path, help=f"write the figure there, as {FIGURE}.png and .svg")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be trained")
    parser.add_argument(
        "--of", nargs="?", const="", metavar="LAUNCH", help="train nothing, and read such a launch again (default: the newest)"
    )
    parser.add_argument("--uri", help="the MLflow store (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    parser.add_argument("--experiment", help="the MLflow experiment (default: regnet or, with --of, that of the newest launch)")
    add_plugin_files(parser)
    forms = parser.add_mutually_exclusive_group()
    for form in ("json", "latex", "markdown"):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="text", help=f"print {form}")


def variance(options: argparse.Namespace) -> int:
    """Trains the studies that it takes, or reads them, and prints the shares of the sources in the variance."""
    from regnet.report.variance import assess_sources

    if options.of is not None:
        quiet_mlflow()
        code, results, again = 0, _read(options), ""
    else:
        planned = _planned(options)
        if options.dry_run:
            for line in _lines(planned):
                results_console().print(line, soft_wrap=True)
            return 0
        code, results = _trained(planned, options)
        again = f"To show this again: regnet variance --of {shlex.quote(str(planned.folder))}" if planned.tracked else ""
    given = assess_sources(results, options.metric)
    if options.figure is not None:
        from regnet.report.figures.saving import save
        from regnet.report.figures.variance import variance as draw

        save(draw(given), options.figure, FIGURE)
    _print(given, options.form, again)
    return code


def _read(options: argparse.Namespace) -> list[StudyResult]:
    from regnet.errors import ConfigError

    if options.overrides or options.seeds is not None or options.dry_run:
        raise ConfigError("--of reads a launch and trains nothing: leave out the overrides, --seeds and --dry-run")
    return launched(argparse.Namespace(**{**vars(options), "launch": options.of})).results


class _Planned(NamedTuple):
    """The launch that trains what is needed."""

    words: list[str]
    """The arguments of `regnet run`."""
    folder: Path
    sources: tuple[str, ...]
    """The sources that vary, in words."""
    studies: int
    seeds: int
    tracked: bool


def _planned(options: argparse.Namespace) -> _Planned:
    """Compose the study, find what it varies with, and plan the launch.

    Raises:
        RegnetError: an override is wrong; nothing varies; the metric is not measured.
    """
    from regnet.errors import ConfigError
    from regnet.registry.selection import policy_of
    from regnet.report.variance import SOURCES_IN_WORDS
    from regnet.stats.variance_shares import FEWEST

    given = _values(options.overrides)
    if options.seeds is not None and "seeds" in given:
        raise ConfigError(f"the number of seeds is given twice: leave out --seeds {options.seeds}, or the override of seeds")
    if options.seeds is not None and options.seeds < FEWEST:
        raise ConfigError(f"--seeds is {FEWEST} or more, since a variance is estimated from them; got {options.seeds}")
    own = [*([] if "report" in given else ["report=none"]), *([] if "seeds" in given else [f"seeds={options.seeds or SEEDS}"])]
    own += [_override("tracking.uri", options.uri)] if options.uri else []
    own += [_override("tracking.experiment", options.experiment)] if options.experiment else []
    with policy_of(options.overrides):
        study = _study([*own, *options.overrides])
    assert study.population is not None
    sources = study.population.sources
    if not sources:
        raise ConfigError("nothing varies from run to run, since every source of randomness is fixed or has no influence")
    if len(study.seeds) < FEWEST:
        raise ConfigError(f"it takes {FEWEST} seeds or more, since a variance is estimated from them; got {len(study.seeds)}")
    _check_metric(study, options.metric)
    streams = _variants(study)
    folder = Path(str(given.get(FOLDER_KEY, Path("multirun") / f"{datetime.now():%Y-%m-%d/%H-%M-%S}-variance")))
    launcher = ["hydra/launcher=lockstep"] if "hydra/launcher" not in given and _has_lockstep() else []
    files = [word for file in options.plugin for word in ("--plugin", file)]
    words = [*files, "-m", *launcher, *own, *options.overrides, "hydra.sweeper.params=null", _sweep(streams)]
    words += [] if FOLDER_KEY in given else [_override(FOLDER_KEY, folder)]
    named = tuple(SOURCES_IN_WORDS[source] for source in sources)
    return _Planned(words, folder, named, len(streams), len(study.seeds), study.config["tracking"]["name"] == "mlflow")


def _has_lockstep() -> bool:
    """Return whether the launcher that trains the studies together is installed; without it, they are trained one by one."""
    try:
        return find_spec(LAUNCHER) is not None
    except ModuleNotFoundError:  # no package has plugins for Hydra
        return False


def _values(overrides: Sequence[str]) -> dict[str, Any]:
    """Return the overrides' values by their keys.

    Raises:
        ConfigError: one cannot be read, or has several values.
    """
    from regnet.config.overrides import parse
    from regnet.errors import ConfigError

    parsed = [parse(text) for text in overrides]
    for override in parsed:
        if override.is_sweep_override():
            raise ConfigError(f"{override.input_line}: `regnet variance` is about one study, so give a single value")
    return {override.key_or_group: override.value() for override in parsed}


def _study(overrides: Sequence[str]) -> Study:
    from regnet.config.build_study import assemble
    from regnet.config.compose import compose_config
    from regnet.errors import ConfigError
    from regnet.registry.catalog import load_catalog

    catalog = load_catalog()
    catalog.refuse_broken_files()
    config = compose_config(overrides, catalog)
    if config["seeds"] == "auto":
        raise ConfigError("seeds=auto compares the studies of a sweep: give a number of seeds")
    return assemble(config, catalog)


def _check_metric(study: Study, metric: str | None) -> None:
    """Check that a metric will be measured, before anything is trained."""
    from regnet.errors import ConfigError, one_of
    from regnet.stats.measure import name_of

    splits = ("train", "test", *(("validation",) if study.validation else ()))
    if metric is not None and (metric.partition("/")[0] not in splits or name_of(metric) not in study.measures):
        available = [f"{split}/{name}" for split in splits for name in study.measures]
        raise ConfigError(f"--metric: the study does not measure {metric!r}: {one_of(metric, available)}")


def _variants(study: Study) -> list[Streams]:
    """Return the streams of each study to train."""
    from regnet.errors import ConfigError
    from regnet.stats.variance_shares import design

    assert study.population is not None
    sources = study.population.sources
    shift = max(SHIFT, 10 ** len(str(max(study.seeds))))
    offsets = {source: study.streams.seed_of(source, 0) for source in sources}
    if max(offsets.values()) + shift > LARGEST_SHIFT:
        raise ConfigError(f"the seeds are too large to shift them: take smaller ones than {max(study.seeds)}")
    return [
        replace(study.streams, **{name: f"seed+{offsets[name] + shift}" for name, other in zip(sources, row, strict=True) if other})
        for row in design(len(sources))
    ]


def _sweep(streams: Sequence[Streams]) -> str:
    """Return the override that trains a study with each of the streams."""
    mappings = ("{" + ",".join(f"{source}:{value}" for source, value in asdict(each).items()) + "}" for each in streams)
    return f"streams={','.join(mappings)}"


def _override(key: str, value: object) -> str:
    from regnet.config.override_text import override_text

    return f"{key}={override_text(str(value))}"


def _lines(planned: _Planned) -> list[str]:
    one = planned.studies == 1
    what = f"1 study with {planned.seeds} seeds" if one else f"{planned.studies} studies with {planned.seeds} seeds each"
    return [
        f"The runs vary with {', '.join(planned.sources)}.",
        f"It takes {what}, {planned.studies * planned.seeds} runs, in one launch:",
        shlex.join(["regnet", "run", *planned.words]),
    ]


def _trained(planned: _Planned, options: argparse.Namespace) -> tuple[int, list[StudyResult]]:
    """Train the studies, and return them; what training prints goes to standard error unless the table is printed as text."""
    from regnet.cli.launch import launch
    from regnet.errors import ConfigError
    from regnet.launch_folder.plan import read_plan
    from regnet.launch_folder.status import status_of
    from regnet.study.result import by_study

    with nullcontext() if options.form == "text" else redirect_stdout(sys.stderr):
        for line in _lines(planned)[:2]:
            print(line)
        code = launch(planned.words)
    plan = read_plan(planned.folder)
    results = by_study(result for job in status_of(plan).jobs if (result := job.complete_result)) if plan else []
    if len(results) < planned.studies:
        raise ConfigError(
            f"{len(results)} of {planned.studies} studies were trained: `regnet resume {planned.folder}` trains the others, and "
            f"`regnet variance --of {planned.folder}` reads them"
        )
    return code, results


def _print(given: Sources, form: str, again: str) -> None:
    from regnet.report.tables.variance import sources_table, sources_verdict

    print_verdict(sources_table(given), sources_verdict(given), _record(given), form, again)


def _record(given: Sources) -> dict[str, object]:
    """Return everything as JSON can hold it: values in the metric's own unit, and shares as estimated, also below 0."""
    unusual = given.unusual
    return {
        "metric": given.metric,
        "data_set": given.data_set,
        "population": given.population,
        "studies": given.studies,
        "seeds": list(given.seeds),
        "left_out": {str(seed): reason for seed, reason in given.left_out.items()},
        "level": given.found.level,
        **_shares(given, given.found),
        "unusual": unusual
        and {
            "runs": unusual.runs,
            "seeds": list(unusual.seeds),
            "without": unusual.without and _shares(given, unusual.without),
        },
    }


def _shares(given: Sources, found: VarianceShares) -> dict[str, object]:
    return {
        "std": _estimate(found.std),
        "sources": [
            {
                "source": source,
                "name": name,
                "std": share.std,
                "alone": _estimate(share.alone),
                "with_interactions": _estimate(share.with_interactions),
                "larger_than": [other for other, larger in zip(given.sources, row, strict=True) if larger],
            }
            for source, name, share, row in zip(given.sources, given.names, found.sources, found.larger, strict=True)
        ],
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    return {"value": estimate.value, "interval": _ends(estimate.interval)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
