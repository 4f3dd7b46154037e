"""The command line: a thin front that loads only what the command at hand needs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from regnet.cli.options import add_plugin_options

KINDS = ("layer", "loss", "optimizer", "dataset", "initializer")
CONTENDERS = "torch,compile,solo,lockstep,lockstep:1000,vmap,compiled-vmap,jax:1,jax,c"
POINTS = [2, 5, 10, 20, 50, 100, 200, 500, 1000]
USER_ERROR = 2
FAILED = 1
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, or 2 for a person's mistake, told on standard error in a line or two."""
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
    report.add_argument("--kind", choices=("table", "figures", "table1", "attribution"), help="default: what the launch asked for")
    report.add_argument("--out", default="report", help="the folder to write to (default: %(default)s)")
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

        print(f"regnet {version('regnet')}")
        return 0
    if getattr(options, "plugin", None):
        from regnet.policy import add_to_policy

        add_to_policy(*options.plugin)
    match options.command:
        case "plugins":
            from regnet.cli.plugins import plugins

            return plugins(options)
        case "report":
            from regnet.cli.report import report

            return report(options)
        case "bench":
            from regnet.cli.bench import bench

            return bench(options)
    _parser().print_help()
    return 0


def _run(words: Sequence[str]) -> int:
    from regnet.cli.launch import launch

    return launch(words)


def _guarded(command: Callable[[], int]) -> int:
    try:
        return command()
    except KeyboardInterrupt:
        print("regnet: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> int:
    """A line for a person's mistake; anything else is a bug and goes on as it is."""
    from regnet.errors import Diverged, RegnetError

    if not isinstance(error, RegnetError):
        raise error
    print(f"regnet: {error}", file=sys.stderr)
    return FAILED if isinstance(error, Diverged) else USER_ERROR


def _completion(words: Sequence[str]) -> int:
    """What Hydra's completion scripts ask for: `regnet` is their program, and `run` the first word after it."""
    line = os.environ.get("COMP_LINE", "")
    typed = line.split()
    if "=" in words[-1] and words[-1].startswith("query="):
        if len(typed) < 2 or typed[1] != "run" or (len(typed) == 2 and not line.endswith(" ")):
            print(" ".join(("run", "report", "plugins", "bench")))
            return 0
        os.environ["COMP_LINE"] = line.replace(" run", "", 1)
    return _guarded(lambda: _run(words))
