"""Hydra's command line: its flags, and the output of those that do not train."""

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
    """Set up this process for Hydra: behave as version 1.3, raise errors, and log no messages of matplotlib."""
    hydra.version.setbase("1.3")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors are shortened to one line later
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it logs that it searches for fonts


def parse_words(words: Sequence[str], program: str) -> argparse.Namespace:
    """Parse Hydra's options, such as `overrides`, `multirun` and `cfg`, in any order; exit the process if they are invalid."""
    return _parser(program).parse_intermixed_args(words)


def only_shows(options: argparse.Namespace) -> bool:
    """Whether the options request help, a configuration, information or completions instead of a job."""
    return bool(options.help or options.hydra_help or options.cfg or options.info or options.shell_completion)


def show(options: argparse.Namespace, program: str) -> None:
    """Print what the options request.

    Raises:
        HydraException, OmegaConfBaseException: the configuration cannot be composed.
    """
    _run_hydra(options, _parser(program), train_job, SEARCH_PATH, CONFIG_NAME)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = get_args_parser()
    parser.prog = program
    return parser
