"""Hydra's logging for the jobs of a launch: configured once, then pointed to the log file of one job after another."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, cast

from hydra.core.utils import configure_log
from omegaconf import DictConfig, OmegaConf

from regnet.launcher.interpolation import follow_references


class JobLogging:
    """Configures logging for each job of a launch.

    If the settings differ from those of the job before only in the names of log files, its handlers are used again.
    """

    def __init__(self) -> None:
        self._settings: dict[str, Any] | None = None
        self._handlers: list[logging.Handler] = []
        self._level = logging.NOTSET

    def configure(self, config: DictConfig) -> None:
        """Do what Hydra does with ``hydra.job_logging`` and ``hydra.verbose`` of a job's configuration."""
        verbose = config.hydra.verbose
        followed = follow_references(config.hydra.job_logging, config)
        settings = cast(dict[str, Any], OmegaConf.to_container(followed, resolve=True)) if verbose is False else {}
        files = _take_files(settings)
        root = logging.getLogger()
        if files and settings == self._settings:
            root.handlers, root.level = self._handlers[:], self._level
            for handler in self._handlers:
                if isinstance(handler, logging.FileHandler):
                    _write_to(handler, files[str(handler.name)])
        else:
            configure_log(followed, verbose)
            self._settings, self._handlers, self._level = settings if files else None, root.handlers[:], root.level


def _take_files(settings: dict[str, Any]) -> dict[str, str] | None:
    """Take the names of the log files out of settings, and return them by handler; None if the handlers cannot be used again."""
    if not settings or settings.get("loggers") or settings.get("disable_existing_loggers", True):
        return None
    handlers: Mapping[str, dict[str, Any]] = settings.get("handlers") or {}
    files = {name: handler for name, handler in handlers.items() if "filename" in handler}
    if any(handler.get("class") != "logging.FileHandler" or handler.get("mode", "a") != "a" for handler in files.values()):
        return None
    return {name: str(handler.pop("filename")) for name, handler in files.items()}


def _write_to(handler: logging.FileHandler, file: str) -> None:
    handler.close()
    handler.baseFilename = os.path.abspath(file)  # noqa: PTH100 - as FileHandler does
    handler.stream = handler._open()
