"""`regnet rank`: configurations compared over several data sets, by their ranks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.cli.console import print_verdict
from regnet.cli.options import add_store_options
from regnet.cli.stored import selected
from regnet.gc_pause import uncollected
from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    from regnet.report.over_data import Assembled

DIAGRAM = "critical_difference"
"""The name of the diagram's files."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet rank`."""
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="as for regnet compare (default: the newest launch)")
    add_store_options(parser)
    parser.add_argument("--metric", help="after the last epoch (default: each data set's headline, such as test/error_rate)")
    parser.add_argument("--incomplete", choices=("drop", "worst"), help="leave out failed seeds, or count them as the worst value")
    parser.add_argument(
        "--post-hoc",
        choices=("nemenyi", "wilcoxon_holm"),
        help="the test of pairs (default: wilcoxon_holm if there are enough data sets for it, else nemenyi)",
    )
    parser.add_argument("--figure", metavar="FOLDER", type=Path, help=f"write the diagram there, as {DIAGRAM}.png and .svg")
    forms = parser.add_mutually_exclusive_group()
    for form in ("json", "latex", "markdown"):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="text", help=f"print {form}")


def rank(options: argparse.Namespace) -> int:
    """Reads the studies, ranks their configurations on each data set, and prints what is shown."""
    quiet_mlflow()
    with uncollected():
        assembled = _assembled(options)
        if options.figure is not None:
            from regnet.report.figures.critical_difference import critical_difference
            from regnet.report.figures.saving import save

            save(critical_difference(assembled.found), options.figure, DIAGRAM)
        _print(assembled, options.form)
    return 0


def _assembled(options: argparse.Namespace) -> Assembled:
    from regnet.report.over_data import assess_over_data
    from regnet.stats import Rules

    rules = Rules(incomplete=options.incomplete or "refuse")
    return assess_over_data(selected(options).results, options.metric, rules, options.post_hoc)


def _print(assembled: Assembled, form: str) -> None:
    from regnet.report.tables.over_data import over_data_table
    from regnet.stats.over_data import verdict_over_data

    words = verdict_over_data(assembled.found)
    table = over_data_table(assembled.found, assembled.measures)
    print_verdict(table, f"{words[0].upper()}{words[1:]}.", _record(assembled), form)


def _record(assembled: Assembled) -> dict[str, object]:
    found = assembled.found
    return {
        "configurations": list(found.names),
        "data_sets": list(found.data_sets),
        "means": found.values.tolist(),
        "ranks": found.ranks.tolist(),
        "average_ranks": found.average_ranks.tolist(),
        "test": found.test,
        "p": found.p,
        "post_hoc": found.post_hoc,
        "critical_difference": found.critical_difference,
        "pairs": found.pairs.tolist(),
        "better": found.better.tolist(),
    }
