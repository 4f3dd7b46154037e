"""A new folder for a launch."""

from __future__ import annotations

import itertools
from pathlib import Path

from regnet.errors import ConfigError


def claim_folder(folder: Path) -> Path:
    """Create a folder of this name; if a launch of the same second has it already, append the next free number.

    Raises:
        ConfigError: it cannot be created.
    """
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
    for candidate in itertools.chain([folder], names):
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"results cannot be written to {folder}: {error.strerror} (change the working directory, or set hydra.run.dir)"
            ) from error
        return candidate
    raise AssertionError("no free number is left")
