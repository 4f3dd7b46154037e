"""Options that several commands share."""

from __future__ import annotations

import argparse


def add_plugin_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--plugin FILE` and `--strict`."""
    add_plugin_files(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 2 if any plugin is broken")


def add_plugin_files(parser: argparse.ArgumentParser) -> None:
    """Adds `--plugin FILE`."""
    parser.add_argument("--plugin", action="append", default=[], metavar="FILE", help="load this Python file as a plugin too")


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--uri URI` and `--experiment NAME`."""
    parser.add_argument("--uri", help="the MLflow store or server (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")
    parser.add_argument("--experiment", help="the MLflow experiment to look in (default: all)")
