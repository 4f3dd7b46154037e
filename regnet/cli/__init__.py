"""The command line: a thin front that loads only what the command at hand needs."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from regnet.cli.interruption import INTERRUPTED, end_when_interrupted
from regnet.cli.options import add_plugin_options
from regnet.cli.utf8_mode import restart_in_utf8_mode
from regnet.encoding import degrade_output
from regnet.processes.streams import open_standard_streams

KINDS = ("layer", "loss", "optimizer", "dataset", "initializer", "metric")
CONTENDERS = "torch,compile,solo,lockstep,lockstep:1000,vmap,compiled-vmap,jax:1,jax,c"
POINTS = [2, 5, 10, 20, 50, 100, 200, 500, 1000]
TRAINS = {"-m", "--multirun", "--plugin", "--strict", "--config-dir", "-cd"}
"""Options with which `regnet run` trains something; with others it may only tell of it."""
LESS_MEMORY = "take a smaller network, data set or batch, or train fewer seeds at once (workers=1, replicas=solo)"
USER_ERROR = 2
FAILED = 1


def command() -> NoReturn:
    """The program `regnet`."""
    restart_in_utf8_mode()
    open_standard_streams()
    end_when_interrupted()
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, or 2 for a person's mistake, told on standard error in a line or two."""
    degrade_output()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ("-sc", "--shell-completion"):
        return _completion(words)
    if words and words[0] == "run":  # the rest is Hydra's
        return _guarded(lambda: _run(words[1:]))
    options = _parser().parse_args(words)
    return _guarded(lambda: _dispatch(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="regnet",
        description="Train networks from plugins, by hand-built mathematics or by PyTorch, many seeds at once, and compare them.",
        epilog="`regnet run --help` lists what can be run; `regnet COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", add_help=False, help="train what Hydra composes from the configuration and the command line")
    report = commands.add_parser("report", help="make a launch's tables and figures again, from the MLflow store alone")
    report.add_argument("--uri", help="the MLflow store (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    report.add_argument("--experiment", help="the MLflow experiment (default: that of the newest launch)")
    report.add_argument("--launch", help="which launch, as in the tag regnet.launch (default: the newest)")
    report.add_argument(
        "--kind",
        choices=("table", "page", "figures", "table1", "attribution"),
        help="default: what the launch asked for, or a page",
    )
    report.add_argument("--out", default="report", help="the folder to write to (default: %(default)s)")
    _add_ui_options(commands.add_parser("ui", help="open MLflow's UI on the newest launch, its runs grouped by study"))
    _add_compare_options(commands.add_parser("compare", help="tell which studies are shown to be better, from any MLflow store"))
    _add_results_options(commands.add_parser("results", help="write runs, parameters and metrics as one table, to a file or here"))
    plugins = commands.add_parser("plugins", help="list what is installed, check it, start one of your own")
    actions = plugins.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="every component, whose it is and whether it can be used")
    listed.add_argument("-v", "--verbose", action="store_true", help="with options, their types and defaults")
    listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_plugin_options(listed)
    check = actions.add_parser("check", help="put components to the test: gradients, shapes, replicas, seeds and more")
    check.add_argument(
        "names", nargs="*", metavar="NAME", help="components, such as softsign or loss/mse (default: with --all, all)"
    )
    check.add_argument("--all", action="store_true", help="every component that is installed")
    check.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_plugin_options(check)
    new = actions.add_parser("new", help="write a complete distribution with one working component")
    new.add_argument("name", help="what configs will call the component, such as softsign")
    new.add_argument("--kind", required=True, choices=KINDS, help="what it is")
    new.add_argument("--dir", default=".", metavar="FOLDER", help="where to put it (default: here)")
    _add_bench_options(commands.add_parser("bench", help="time every way to train the report's network, each in its own process"))
    return parser


def _add_ui_options(ui: argparse.ArgumentParser) -> None:
    ui.add_argument(
        "--uri", help="the MLflow store, or a server that has it (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db)"
    )
    ui.add_argument("--experiment", metavar="NAME", help="the MLflow experiment (default: that of the newest launch)")
    ui.add_argument("--port", type=int, default=5000, help="where to serve it on this machine, 0 for any (default: %(default)s)")
    ui.add_argument("--no-browser", dest="browser", action="store_false", help="print the links and open none")


def _add_compare_options(compare: argparse.ArgumentParser) -> None:
    compare.add_argument(
        "studies",
        nargs="*",
        metavar="STUDY",
        help="a study's name, label or identity, a launch, or key=value for a tag (default: the newest launch)",
    )
    _add_store_options(compare)
    compare.add_argument("--metric", help="after the last epoch (default: what the task is judged by, such as test/error_rate)")
    compare.add_argument("--test", choices=("mean", "rank"), default="mean", help="what is tested (default: %(default)s)")
    compare.add_argument("--unpaired", action="store_true", help="take studies as independent even if they share seeds or no data")
    compare.add_argument(
        "--incomplete",
        choices=("drop", "worst"),
        help="go on without the seeds that failed or that one study lacks, or count failures as the worst value (default: refuse)",
    )
    forms = compare.add_mutually_exclusive_group()
    for form in ("json", "latex", "markdown", "csv"):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="text", help=f"print {form}")


def _add_results_options(results: argparse.ArgumentParser) -> None:
    _add_store_options(results)
    results.add_argument("--launch", help="which launch, as in the tag regnet.launch (default: all)")
    results.add_argument("--history", action="store_true", help="a row for each epoch of each run")
    results.add_argument("--out", metavar="FILE", help="a .parquet or .csv file (default: CSV to standard output)")


def _add_store_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uri", help="the MLflow store or server (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    parser.add_argument("--experiment", help="the MLflow experiment to look in (default: all)")


def _add_bench_options(bench: argparse.ArgumentParser) -> None:
    bench.add_argument(
        "--contenders",
        default=CONTENDERS,
        metavar="A,B,...",
        help="who takes part, jax:20 with 20 replicas, jax with those of --replicas (default: %(default)s)",
    )
    bench.add_argument("--replicas", type=int, nargs="+", default=[20, 100], help="how many to train at once (default: 20 100)")
    bench.add_argument("--rounds", type=int, default=7, help="how often each is timed (default: %(default)s)")
    bench.add_argument("--epochs", type=int, default=3, help="epochs for each timing, at least (default: %(default)s)")
    bench.add_argument("--memory", type=int, metavar="REPLICAS", help="also measure what so many replicas in lockstep use")
    bench.add_argument("--figure", type=Path, metavar="PATH", help="draw time against replicas: writes PATH as .png and .svg")
    bench.add_argument(
        "--points", type=int, nargs="+", default=POINTS, metavar="N", help="replicas on its curve (default: %(default)s)"
    )
    bench.add_argument("--readme", type=Path, metavar="FILE", help="write the results into the file's <!-- bench --> block")
    bench.add_argument("--json", action="store_true", help="print JSON, with every measurement, instead of tables")


def _dispatch(options: argparse.Namespace) -> int:
    if options.version:
        from importlib.metadata import version

        from regnet.registry.selection import OWN

        print(f"regnet {version(OWN)}")
        return 0
    if getattr(options, "plugin", None):
        from regnet.registry.selection import add_to_policy

        add_to_policy(*options.plugin)
    if options.command is None:
        _parser().print_help()
        return 0
    module = import_module(f"regnet.cli.{options.command}")  # each command is the function of its name in a module of its name
    return int(getattr(module, options.command)(options))


def _run(words: Sequence[str]) -> int:
    if TRAINS.issuperset(word for word in words if word.startswith("-")) and "tracking=none" not in words:
        from regnet.tracking.write.process import writing_process

        writing_process()  # it takes as long to start as torch takes to load
    from regnet.cli.launch import launch

    return launch(words)


def _guarded(command: Callable[[], int]) -> int:
    try:
        return command()
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _interrupted() if _came_of_interrupt(error) else _explain(error)


def _interrupted() -> int:
    print("regnet: interrupted", file=sys.stderr)
    return INTERRUPTED


def _came_of_interrupt(error: BaseException | None) -> bool:
    """Whether an error was raised while others were cleaning up after Ctrl-C, which OmegaConf does not survive everywhere."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or _came_of_interrupt(error.__cause__ or error.__context__))


def _explain(error: Exception) -> int:
    """A line for a person's mistake, such as asking for more than fits into memory; anything else is a bug and goes on as it is."""
    from regnet.errors import Diverged, RegnetError

    if _is_lack_of_memory(error):
        size = re.search(r"allocate ([\d.]+ \w+)", str(error))
        print(f"regnet: there is no memory for {size[1] if size else 'that'}: {LESS_MEMORY}", file=sys.stderr)
        return USER_ERROR
    if not isinstance(error, RegnetError):
        raise error
    print(f"regnet: {error}", file=sys.stderr)
    return FAILED if isinstance(error, Diverged) else USER_ERROR


def _is_lack_of_memory(error: Exception) -> bool:
    """Whether Python or NumPy, torch on a GPU, or torch on the CPU, which has no error of its own for it, could not get memory."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error)


def _completion(words: Sequence[str]) -> int:
    """What Hydra's completion scripts ask for: `regnet` is their program, and `run` the first word after it."""
    line = os.environ.get("COMP_LINE", "")
    typed = line.split()
    if "=" in words[-1] and words[-1].startswith("query="):
        if len(typed) < 2 or typed[1] != "run" or (len(typed) == 2 and not line.endswith(" ")):
            print(" ".join(("run", "report", "ui", "compare", "results", "plugins", "bench")))
            return 0
        os.environ["COMP_LINE"] = line.replace(" run", "", 1)
    return _guarded(lambda: _run(words))
