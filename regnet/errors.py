"""The tree of errors in a user's input: the command line prints them in a line or two and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RegnetError(Exception):
    """A request cannot be fulfilled; the message says what failed, what was expected and what to do."""


class ConfigError(RegnetError):
    """A value in the configuration, or on the command line, does not make sense."""


class BadObjective(ConfigError):
    """A sweeper would optimize what must not choose, or in the wrong direction; the same holds for every job of the sweep."""


class UnknownComponent(ConfigError):
    """No installed plugin registers a component of that kind under that name."""


class BadOption(ConfigError):
    """A component was given an option that it does not have, or a value that the option does not take."""


class ShapeError(RegnetError):
    """Two sizes do not match: of a layer's input, a network's output, or a gradient."""


class DataError(RegnetError):
    """What a data set loads does not have the form of its contract, such as labels of another type."""


class TargetError(RegnetError):
    """The loss cannot be computed on the data set's targets."""


class PluginError(RegnetError):
    """A plugin is missing or broken, or claims a name that another plugin has."""


class TrackingError(RegnetError):
    """The tracking store cannot be reached, read or written."""


class StoreAway(TrackingError):
    """The tracking store does not answer, or cannot be written for now: it may be there again later."""


class JobSkipped(RegnetError):
    """A job was not run, since another one failed."""


class DamagedFile(RegnetError):
    """A file that regnet wrote was changed since, is incomplete, or has another format."""


class Diverged(RegnetError):
    """No run of a study was trained to the end."""


def one_of(name: str, available: Iterable[str]) -> str:
    """Return the end of an error message about an unknown name: the closest match, and the available names.

    >>> one_of("adm", ["sgd", "adam"])
    "did you mean 'adam'? Available: adam, sgd"
    """
    names = sorted(available)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    listing = f"Available: {', '.join(names)}" if names else "There is none"
    return guess + (listing if guess else listing[0].lower() + listing[1:])
