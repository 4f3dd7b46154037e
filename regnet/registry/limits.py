"""Limits on sizes that a configuration may ask for, checked before memory is taken."""

from __future__ import annotations

import os
from typing import Final

from regnet.errors import ConfigError

VARIABLE: Final = "REGNET_MAX_RUNS"
DEFAULT: Final = 10**6
"""The largest number of jobs in a sweep, and of seeds in a study."""


def check_count(what: str, count: int) -> None:
    """Check the number of jobs in a sweep or of seeds in a study.

    Raises:
        ConfigError: there are more than the limit, which a variable of the environment raises.
    """
    given = os.environ.get(VARIABLE, "")
    limit = int(given) if given.isdecimal() else DEFAULT
    if count > limit:
        raise ConfigError(
            f"{what}: there would be {count}, and the limit is {limit}; {VARIABLE}={count} in the environment raises it"
        )
