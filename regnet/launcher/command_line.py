"""Hydra's command line: its flags, and the output of those that do not train."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version
from typing import NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra

from regnet.config.compose import CONFIG_NAME
from regnet.errors import ConfigError
from regnet.launcher.driver import start_hydra
from regnet.registry.selection import OWN


def set_up_hydra() -> None:
    """Set up this process for Hydra: behave as version 1.3, raise errors, and log no messages of matplotlib."""
    hydra.version.setbase("1.3")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors are shortened to one line later
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it logs that it searches for fonts


def parse_words(words: Sequence[str], program: str) -> argparse.Namespace:
    """Parse Hydra's options, such as `overrides`, `multirun` and `cfg`, in any order.

    Raises:
        ConfigError: they are invalid, or cannot be used together.
    """
    options: argparse.Namespace = _parser(program).parse_intermixed_args(words)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    if options.config_path is not None:
        raise ConfigError("--config-path is not available, since regnet's own configurations are needed: use --config-dir")
    if options.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun is not available: to run a job again, --config-dir JOB/.hydra --config-name config")
    if options.config_name is not None and not options.config_name.strip("/"):
        raise ConfigError("--config-name takes the name of a config file, without .yaml")
    chosen = [
        flag
        for flag, given in {
            "--run": options.run,
            "--multirun": options.multirun,
            "--cfg": options.cfg,
            "--info": options.info,
            "--shell-completion": options.shell_completion,
        }.items()
        if given
    ]
    if len(chosen) > 1:
        raise ConfigError(f"{chosen[0]} and {chosen[1]} exclude each other")
    if options.resolve and not (options.cfg or options.help):
        raise ConfigError("--resolve is for --cfg and --help")
    if options.package is not None and not options.cfg:
        raise ConfigError("--package is for --cfg")
    if options.shell_completion:
        asked = [name for name in ("install", "uninstall", "query") for word in options.overrides if word.startswith(f"{name}=")]
        if len(asked) != 1:
            raise ConfigError("--shell-completion takes install=SHELL or uninstall=SHELL, such as install=bash")


def only_shows(options: argparse.Namespace) -> bool:
    """Whether the options request help, a configuration, information or completions instead of a job."""
    return bool(options.help or options.hydra_help or options.cfg or options.info or options.shell_completion)


def show(options: argparse.Namespace, program: str) -> None:
    """Print what the options request.

    Raises:
        ConfigError, HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    hydra = start_hydra(options)
    name, overrides = options.config_name or CONFIG_NAME, options.overrides
    try:
        if options.help:
            hydra.app_help(config_name=name, args_parser=_parser(program), args=options)
        elif options.hydra_help:
            options.overrides = []  # it shows the same for all
            hydra.hydra_help(config_name=name, args_parser=_parser(program), args=options)
        elif options.cfg:
            with _said_in_a_line():
                hydra.show_cfg(name, overrides, options.cfg, options.package, options.resolve)
        elif options.shell_completion and any("query" in word for word in overrides) and "COMP_LINE" not in os.environ:
            raise ConfigError("query= is for a shell, which sets COMP_LINE to what was typed; `-sc install=bash` sets it up")
        elif options.shell_completion:
            hydra.shell_completion(name, overrides)
        else:
            hydra.show_info(options.info, config_name=name, overrides=overrides)
    finally:
        GlobalHydra.instance().clear()


@contextmanager
def _said_in_a_line() -> Iterator[None]:
    """Context manager that turns what Hydra prints when it ends the process into an error."""
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            yield
    except SystemExit as end:
        raise ConfigError(" ".join(said.getvalue().split())) from end
    sys.stderr.write(said.getvalue())


class _Parser(argparse.ArgumentParser):
    """Hydra's parser, whose errors are of one line."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message and "=" in unknown:
            message += f" (options of the configuration have no dashes: {unknown.split()[0].lstrip('-')})"
        raise ConfigError(f"{message}: `regnet run --hydra-help` lists the options")


def _parser(program: str) -> argparse.ArgumentParser:
    parser = get_args_parser()
    parser.__class__ = _Parser
    parser.prog = program
    for action in parser._actions:
        if action.dest == "version":
            action.version = f"regnet {version(OWN)}, with Hydra {hydra.__version__}"  # type: ignore[attr-defined]
    return parser
