"""`regnet bench`: how fast the paper's network trains, here, in every way that a user might train it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.cli.console import results_console
from regnet.errors import ConfigError

if TYPE_CHECKING:
    from regnet.bench.race import Plan, Race, Timing

CONTENDERS = "torch,compile,solo,lockstep,lockstep:1000,vmap,compiled-vmap,jax:1,jax,c"
POINTS = [2, 5, 10, 20, 50, 100, 200, 500, 1000]
BLOCK = re.compile(r"(?<=<!-- bench -->\n).*?(?=<!-- /bench -->)", re.DOTALL)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet bench`."""
    parser.add_argument(
        "--contenders",
        default=CONTENDERS,
        metavar="A,B,...",
        help="who takes part, jax:20 with 20 replicas, jax with those of --replicas (default: %(default)s)",
    )
    parser.add_argument("--replicas", type=int, nargs="+", default=[20, 100], help="how many to train at once (default: 20 100)")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is timed (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs for each timing, at least (default: %(default)s)")
    parser.add_argument("--memory", type=int, metavar="REPLICAS", help="also measure what so many replicas in lockstep use")
    parser.add_argument("--figure", type=Path, metavar="PATH", help="draw time against replicas: writes PATH as .png and .svg")
    parser.add_argument(
        "--points", type=int, nargs="+", default=POINTS, metavar="N", help="replicas on its curve (default: %(default)s)"
    )
    parser.add_argument("--readme", type=Path, metavar="FILE", help="write the results into the file's <!-- bench --> block")
    parser.add_argument("--json", action="store_true", help="print JSON, with every measurement, instead of tables")


def bench(options: argparse.Namespace) -> int:
    """Times the contenders and prints the tables, or JSON with every single measurement; draws and writes what is asked for."""
    _check(options)
    from regnet.bench.race import Plan

    plan = Plan(options.rounds, options.epochs)
    race, large = _timed(options, plan)
    if options.figure:
        _draw(race, options.figure)
    if options.json:
        from regnet.report.tables.benchmark import as_json

        print(json.dumps(as_json(race, plan, large), indent=1))
    else:
        _print(race, large, plan)
    if options.readme:
        _fill(options.readme, _markdown(race, large, plan, options))
    return 0


def _check(options: argparse.Namespace) -> None:
    memory = 1 if options.memory is None else options.memory
    if min(options.rounds, options.epochs, memory, *options.replicas, *options.points) < 1:
        raise ConfigError("bench: --rounds, --epochs, --memory, --replicas and --points take numbers from 1 up")
    if options.readme:
        _check_readme(options.readme)


def _timed(options: argparse.Namespace, plan: Plan) -> tuple[Race, Timing | None]:
    """The race, and what many replicas took where that was asked for."""
    from regnet.bench.contender import expand
    from regnet.bench.race import Plan, benchmark
    from regnet.config.build_study import assemble
    from regnet.config.compose import compose_config
    from regnet.registry.catalog import load_catalog

    curve = ("torch", "solo", *(f"lockstep:{replicas}" for replicas in options.points)) if options.figure else ()
    pairs = expand([*options.contenders.split(","), *curve], options.replicas)
    catalog = load_catalog()
    study = assemble(compose_config(["tracking=none"], catalog), catalog)
    race = benchmark(study, pairs, plan, _show)
    large = benchmark(study, [("lockstep", options.memory)], Plan(1, 1), _show).timings[0] if options.memory else None
    _show("")
    return race, large


def _show(line: str) -> None:
    """Shows what is happening on a terminal, instead of what was shown before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def _draw(race: Race, path: Path) -> None:
    from regnet.report.figures.saving import save
    from regnet.report.figures.scaling import scaling

    save(scaling(race), path.parent, path.stem)


def _print(race: Race, memory: Timing | None, plan: Plan) -> None:
    from regnet.report.tables.benchmark import comparison_table, memory_note, timing_table

    console = results_console()
    timing_table(race, plan).print(console)
    if compared := comparison_table(race):
        compared.print(console)
    if memory:
        console.print(memory_note(memory))


def _check_readme(path: Path) -> None:
    if not path.is_file() or len(BLOCK.findall(path.read_text(encoding="utf-8"))) != 1:
        raise ConfigError(f"bench: --readme {path}: expected a file with one block from <!-- bench --> to <!-- /bench -->")


def _markdown(race: Race, memory: Timing | None, plan: Plan, options: argparse.Namespace) -> str:
    from regnet.report.tables.benchmark import comparison_table, memory_note, timing_table

    parts = [timing_table(race, plan).markdown()]
    if compared := comparison_table(race):
        parts.append(compared.markdown())
    if memory:
        parts.append(memory_note(memory) + "\n")
    if options.figure:
        from regnet.report.figures.scaling import describe_scaling

        path = Path(os.path.relpath(options.figure, options.readme.parent)).with_suffix(".png")
        parts.append(f"![{describe_scaling(race)}]({path.as_posix()})\n")
    return "\n".join(parts)


def _fill(path: Path, text: str) -> None:
    """Replaces the text of the file's block."""
    path.write_text(BLOCK.sub(lambda _: text, path.read_text(encoding="utf-8")), encoding="utf-8")
