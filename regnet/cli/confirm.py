"""`regnet confirm`: train the best studies of a launch again with other seeds, and report and compare only those."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.cli.console import results_console
from regnet.cli.options import add_plugin_files
from regnet.cli.stored import launched
from regnet.config.override_text import override_text
from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    from regnet.report.choosing import Chosen
    from regnet.study.result import StudyResult

LEFT_OUT = {"seed", "seeds", "report", "tracking", "plugins", "experiment"}
"""The settings that are not those of the study."""
CANDIDATE = "candidate_"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet confirm`."""
    parser.add_argument("launch", nargs="?", metavar="LAUNCH", help="as in the tag regnet.launch (default: the newest)")
    parser.add_argument("--uri", help="the MLflow store (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    parser.add_argument("--experiment", help="the MLflow experiment (default: that of the newest launch)")
    parser.add_argument("--top", type=int, default=1, metavar="N", help="how many studies, or of each group (default: %(default)s)")
    parser.add_argument("--by", metavar="SETTING", help="choose the best of each value of this setting, such as optimizer")
    parser.add_argument("--by-split", choices=("validation", "test"), default="validation", help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds, all of them new (default: %(default)s)")
    add_plugin_files(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show what is chosen")


def confirm(options: argparse.Namespace) -> int:
    """Chooses, says what was chosen and from how many, and trains it with fresh seeds as one launch."""
    from regnet.errors import ConfigError
    from regnet.report.choosing import choose, setting

    if options.top < 1 or options.seeds < 1:
        raise ConfigError(f"--top and --seeds are 1 or more; got {options.top} and {options.seeds}")
    quiet_mlflow()
    _, experiment, launch, results = launched(options)
    group_of = setting(options.by, results) if options.by else lambda _: None
    chosen = choose(results, options.by_split, group_of, options.top)
    for line in _lines(chosen, results, launch, options):
        results_console().print(line, markup=False)
    if options.dry_run:
        return 0
    from regnet.cli.launch import launch as run

    folder = Path("multirun") / f"{datetime.now():%Y-%m-%d/%H-%M-%S}-confirm"
    code = run(_words(chosen, results, experiment, folder, options))
    if code == 0 and len(chosen) > 1:
        from regnet.cli.compare import print_comparison

        print_comparison([str(folder)], options.uri, experiment)
    return code


def _lines(chosen: Sequence[Chosen], results: Sequence[StudyResult], launch: str, options: argparse.Namespace) -> list[str]:
    """Return what was chosen, and what its new seeds are for."""
    from regnet.study.labels import study_labels

    labels = dict(zip((result.identity for result in results), study_labels(results), strict=True))
    lines = [
        f"Chosen from launch {launch} by the mean on the {options.by_split} examples, to be trained with seeds it did not have:"
    ]
    for each in chosen:
        lines += [f"- {labels[each.result.identity]!r}, of {each.among} studies"]
        lines += [f"  {edge}: a better one may lie beyond" for edge in each.edges]
    return lines


def _words(
    chosen: Sequence[Chosen], results: Sequence[StudyResult], experiment: str, folder: Path, options: argparse.Namespace
) -> list[str]:
    """Write each chosen configuration to a file, and return the arguments of `regnet run` that train them."""
    import yaml

    files = folder / "conf" / "experiment"
    files.mkdir(parents=True)
    for number, each in enumerate(chosen):
        config = {key: value for key, value in each.result.config.items() if key not in LEFT_OUT}
        text = f"# @package _global_\n{yaml.safe_dump(config, sort_keys=False, allow_unicode=True)}"
        (files / f"{CANDIDATE}{number}.yaml").write_text(text, encoding="utf-8")
    first = 1 + max(seed for result in results for seed in result.seeds)
    candidates = ",".join(f"{CANDIDATE}{number}" for number in range(len(chosen)))
    given = [f"tracking.uri={override_text(options.uri)}"] if options.uri else []
    return [
        *("-m", "--config-dir", str(folder / "conf"), f"experiment={candidates}", f"seed={first}", f"seeds={options.seeds}"),
        *(f"tracking.experiment={override_text(experiment)}", f"hydra.sweep.dir={folder}", *given),
    ]
