"""The command line: a thin front that loads only what the command at hand needs.

Each command is a module of its name with `add_options` and the function that runs it; `regnet run` is `launch`, whose options are
Hydra's. `interruption` makes signals end a command, `console` prints results, `utf8_mode` copes with an ASCII file system.

May import everything else.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, NoReturn

from regnet.cli.interruption import INTERRUPTED, end_when_interrupted
from regnet.cli.utf8_mode import restart_in_utf8_mode
from regnet.credentials import hide_loosely
from regnet.encoding import degrade_output
from regnet.errors import one_of
from regnet.escape import visible
from regnet.processes.streams import open_standard_streams

COMMANDS: Final = {
    "run": "train what Hydra composes from the configuration and the command line",
    "status": "show what of a launch is finished, and what is missing",
    "resume": "continue a launch from its folder: train what is missing",
    "sync": "write what the MLflow store misses of a launch, from its folder",
    "clean": "remove files of launches that are no longer needed, such as old checkpoints",
    "report": "make a launch's tables and figures again, from the MLflow store alone",
    "ui": "open MLflow's UI on the newest launch, its runs grouped by study",
    "compare": "show which studies are shown to be better, from any MLflow store",
    "confirm": "train the best studies of a launch again with other seeds",
    "rank": "compare configurations over several data sets, by their ranks",
    "variance": "show which share of a study's variance each source of randomness has",
    "power": "show how many seeds it takes to find a gap that matters",
    "results": "write runs, parameters and metrics as one table, to a file or here",
    "predict": "answer the rows of a file by a trained network",
    "plugins": "list what is installed, check it, start one of your own",
    "bench": "time every way to train the paper's network, each in its own process",
}
"""Each command with what it does; its options and what runs are in the module of its name."""
TRAINS = {"-m", "--multirun", "--plugin", "--strict", "--config-dir", "-cd"}
"""Options with which `regnet run` trains something; with others it may only show something."""
LESS_MEMORY = "take a smaller network, data set or batch, or train fewer seeds at once (workers=1, replicas=solo)"
MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE}
"""What no code can be blamed for: a disk that is full, over its quota, read-only or broken, or too many open files."""
PATH_FAULTS = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ETXTBSY}
"""What is wrong with a file or a folder that a user has named: no permission, too long a name, a file in place of a folder."""
USER_ERROR = 2
FAILED = 1


def command() -> NoReturn:
    """The program `regnet`."""
    restart_in_utf8_mode()
    open_standard_streams()
    end_when_interrupted()
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code: 0, or 2 for a user's mistake, printed on standard error in a line or two."""
    degrade_output()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not _has_directory():
        print("regnet: the working directory does not exist any more: change to another one", file=sys.stderr)
        return USER_ERROR
    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        print(f"regnet: there is no command {words[0]!r}: {one_of(words[0], COMMANDS)}", file=sys.stderr)
        return USER_ERROR
    if words and words[0] in ("-sc", "--shell-completion"):
        return _completion(words)
    if words and words[0] == "run":  # the rest is Hydra's
        return _guarded(lambda: _run(words[1:]))
    chosen = next((word for word in words if word in COMMANDS), None)
    parser = _parser(chosen)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        help_of = f"{chosen} --help" if chosen else "--help"
        parser.error(f"{unknown[0]!r} is no option, or one too many: `regnet {help_of}` lists them")
    return _guarded(lambda: _dispatch(options))


def _has_directory() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib takes longer to load
    except FileNotFoundError:
        return False
    return True


class _Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line, as every other error."""

    def error(self, message: str) -> NoReturn:
        advice = "" if "--help" in message else f" (`{self.prog} --help` lists the options)"
        self.exit(USER_ERROR, f"regnet: {message}{advice}\n")


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of the chosen one."""
    parser = _Parser(
        prog="regnet",
        description="Train networks from plugins, by hand-built mathematics or by PyTorch, many seeds at once, and compare them.",
        epilog="`regnet run --help` lists what can be run; `regnet COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        own = commands.add_parser(name, help=summary, add_help=name != "run")
        if name == chosen and name != "run":  # whose options are Hydra's
            import_module(f"regnet.cli.{name}").add_options(own)
    return parser


def _dispatch(options: argparse.Namespace) -> int:
    if options.version:
        from importlib.metadata import version

        from regnet.registry.selection import OWN

        print(f"regnet {version(OWN)}")
        return 0
    if getattr(options, "plugin", None):
        from regnet.registry.selection import add_files

        try:
            add_files(*options.plugin)
        except Exception as error:
            return _explain(error)
    if options.command is None:
        _parser(None).print_help()
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
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except BrokenPipeError:  # the output's reader has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        cause = _interrupt_in(error)
        return _explain(error) if cause is None else _interrupted(cause)


def _interrupted(error: KeyboardInterrupt) -> int:
    from regnet.processes.stop import OutOfTime

    if isinstance(error, OutOfTime):
        print("regnet: max_time is over", file=sys.stderr)
        return FAILED
    print("regnet: interrupted", file=sys.stderr)
    return INTERRUPTED


def _interrupt_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """Ctrl-C, if an error was raised while others were cleaning up after it, which OmegaConf does not survive everywhere."""
    if error is None or isinstance(error, KeyboardInterrupt):
        return error
    return _interrupt_in(error.__cause__ or error.__context__)


def _explain(error: Exception) -> int:
    """Prints a line for a user's mistake, such as asking for more than fits into memory; raises anything else, which is a bug."""
    from regnet.errors import Diverged, RegnetError

    if _is_lack_of_memory(error):
        size = re.search(r"allocate ([\d.]+ \w+)", str(error))
        print(f"regnet: there is no memory for {size[1] if size else 'that'}: {LESS_MEMORY}", file=sys.stderr)
        return USER_ERROR
    if isinstance(error, OSError) and error.errno in MACHINE_FAULTS | PATH_FAULTS:
        where = visible(hide_loosely(str(error.filename))) if error.filename else f"a file, probably below {os.getcwd()}"  # noqa: PTH109
        print(f"regnet: {where}: {error.strerror}", file=sys.stderr)
        return USER_ERROR
    if not isinstance(error, RegnetError):
        raise error
    print(f"regnet: {visible(hide_loosely(str(error)))}", file=sys.stderr)
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
            print(" ".join(COMMANDS))
            return 0
        os.environ["COMP_LINE"] = line.replace(" run", "", 1)
    return _guarded(lambda: _run(words))
