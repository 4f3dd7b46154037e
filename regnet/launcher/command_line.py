"""Hydra's command line: the flags that its users know, and what it shows without training anything."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence

import hydra
from hydra._internal.utils import _run_hydra, get_args_parser

from regnet.config.compose import CONFIG_NAME
from regnet.launcher.driver import SEARCH_PATH
from regnet.launcher.task import train_job


def set_up_hydra() -> None:
    """Sets this process up for Hydra: it behaves as version 1.3, raises its errors, and logs nothing of matplotlib's."""
    hydra.version.setbase("1.3")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # an error is put in a line later
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it would log that it looks for fonts


def parse_words(words: Sequence[str], program: str) -> argparse.Namespace:
    """Hydra's options, such as `overrides`, `multirun` and `cfg`; ends the process where they make no sense."""
    return _parser(program).parse_args(words)


def only_shows(options: argparse.Namespace) -> bool:
    """Whether the options ask for help, a configuration, information or completions, and for no job."""
    return bool(options.help or options.hydra_help or options.cfg or options.info or options.shell_completion)


def show(options: argparse.Namespace, program: str) -> None:
    """Prints what the options ask for.

    Raises:
        HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    _run_hydra(options, _parser(program), train_job, SEARCH_PATH, CONFIG_NAME)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = get_args_parser()
    parser.prog = program
    return parser
