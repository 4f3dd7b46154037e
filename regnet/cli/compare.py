"""`regnet compare`: which of some studies are shown to be better, read from any MLflow store."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from regnet.cli.console import results_console
from regnet.cli.options import add_store_options
from regnet.cli.stored import selected
from regnet.escape import csv_cell
from regnet.gc_pause import uncollected
from regnet.tracking import quiet_mlflow

if TYPE_CHECKING:
    from regnet.report.assessment import Assessment
    from regnet.study.result import StudyResult


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet compare`."""
    parser.add_argument(
        "studies",
        nargs="*",
        metavar="STUDY",
        help="a study's name, label or identity, a launch, or key=value for a tag or setting (default: the newest launch)",
    )
    add_store_options(parser)
    parser.add_argument("--metric", help="after the last epoch (default: the studies' headline, such as test/error_rate)")
    parser.add_argument("--test", choices=("mean", "rank"), default="mean", help="what is tested (default: %(default)s)")
    parser.add_argument("--baseline", metavar="NAME", help="compare every other study with this one (default: every pair)")
    parser.add_argument(
        "--rope", type=float, metavar="GAP", help="also say how probable a difference above this gap is, such as 0.1 (points)"
    )
    parser.add_argument(
        "--tune",
        action="append",
        default=[],
        metavar="SETTING",
        help="of studies that differ in this setting alone, compare the best one, such as optimizer.lr; may be repeated",
    )
    parser.add_argument("--by-split", choices=("validation", "test"), default="validation", help="tuned on (default: %(default)s)")
    parser.add_argument("--unpaired", action="store_true", help="take studies as independent even if they share seeds or no data")
    parser.add_argument(
        "--incomplete",
        choices=("drop", "worst"),
        help="leave out the seeds that failed, or count them as the worst value (default: such studies are not compared)",
    )
    forms = parser.add_mutually_exclusive_group()
    for form in ("json", "latex", "markdown", "csv"):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="text", help=f"print {form}")


def compare(options: argparse.Namespace) -> int:
    """Reads the studies that are asked for, compares them and prints it, in the form that is asked for."""
    quiet_mlflow()
    with uncollected():
        FORMS[options.form](_assessed(options))
    return 0


def print_comparison(studies: Sequence[str], uri: str | None, experiment: str | None) -> None:
    """Print the comparison of some studies, in the usual form."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args([])
    vars(options).update(studies=list(studies), uri=uri, experiment=experiment)
    _text(_assessed(options))


def _assessed(options: argparse.Namespace) -> Assessment:
    from regnet.report.assessment import assess
    from regnet.stats import Rules

    rules = Rules(
        options.test,
        "unpaired" if options.unpaired else "by_seed",
        options.incomplete or "refuse",
        rope=options.rope,
        baseline=options.baseline,
    )
    found = selected(options)
    results, tuned = _tuned(found.results, options)
    assessment = assess(results, options.metric, rules)
    return replace(assessment, notes=(*found.notes, *tuned, *assessment.notes))


def _tuned(results: Sequence[StudyResult], options: argparse.Namespace) -> tuple[list[StudyResult], list[str]]:
    """Return the best study of each group that differs in the tuned settings alone, and how they were chosen."""
    if not options.tune:
        return list(results), []
    from regnet.report.choosing import all_but, choose
    from regnet.study.labels import study_labels

    labels = dict(zip((result.identity for result in results), study_labels(results), strict=True))
    chosen = choose(results, options.by_split, all_but(options.tune, results))
    what = ", ".join(options.tune)
    notes = [
        f"{labels[each.result.identity]!r} is the best of {each.among} values of {what} on the {options.by_split} examples"
        + "".join(f"; {edge}" for edge in each.edges)
        for each in chosen
        if each.among > 1
    ]
    if options.by_split == "test":
        notes.append(
            "Chosen by the test examples, the studies look better than they are: `regnet confirm` trains them with new seeds"
        )
    return [each.result for each in chosen], notes


def _text(assessment: Assessment) -> None:
    from regnet.report.tables.comparisons import pair_table, sentences, study_table

    console = results_console()
    study_table(assessment).print(console)
    if not assessment.comparisons:
        console.print("There is nothing to compare it with: name another study.")
        return
    console.print()
    pair_table(assessment).print(console)
    console.print()
    for sentence in sentences(assessment):
        console.print(f"- {sentence}", markup=False)


def _markdown(assessment: Assessment) -> None:
    from regnet.report.tables.comparisons import pair_table, sentences, study_table

    parts = [study_table(assessment).markdown()]
    if assessment.comparisons:
        parts += [pair_table(assessment).markdown(), "".join(f"- {sentence}\n" for sentence in sentences(assessment))]
    print("\n".join(parts), end="")


def _latex(assessment: Assessment) -> None:
    from regnet.report.tables.comparisons import pair_table, sentences, study_table
    from regnet.report.tables.latex import escaped, latex

    parts = [latex(study_table(assessment))]
    if assessment.comparisons:
        parts += [latex(pair_table(assessment)), *(f"{escaped(sentence)}\n" for sentence in sentences(assessment))]
    print("\n".join(parts), end="")


def _json(assessment: Assessment) -> None:
    from regnet.report.tables.as_json import record

    print(json.dumps(record(assessment), indent=1))


def _csv(assessment: Assessment) -> None:
    """A line for each study; the comparisons have other columns, and are in the other forms."""
    from regnet.report.tables.as_json import study_line

    lines = [study_line(assessment, study) for study in assessment.studies]
    writer = csv.DictWriter(sys.stdout, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: csv_cell(value) for key, value in line.items()} for line in lines)


FORMS: dict[str, Callable[[Assessment], None]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "json": _json,
    "csv": _csv,
}
"""Ways to print an assessment."""
