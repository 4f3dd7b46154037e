"""Every way a person's input can be wrong, as one tree: the command line prints these in a line or two and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RegnetError(Exception):
    """What a person asked for cannot be done; the message says what failed, what was expected and what to do."""


class ConfigError(RegnetError):
    """A value in the configuration, or on the command line, does not make sense."""


class UnknownComponent(ConfigError):
    """No installed plugin registers a component of that kind under that name."""


class BadOption(ConfigError):
    """A component was given an option it does not have, or a value the option cannot take."""


class ShapeError(RegnetError):
    """Two sizes that have to fit do not: a layer's input, a network's output, a gradient."""


class TargetError(RegnetError):
    """The loss cannot be computed on the targets that the data set gives."""


class PluginError(RegnetError):
    """A plugin is missing, broken, or claims what another one has."""


class TrackingError(RegnetError):
    """The tracking store cannot be reached, read or written."""


class Diverged(RegnetError):
    """Every run of a study ended in a loss that is not a number."""


def one_of(name: str, available: Iterable[str]) -> str:
    """The closing half of an error about an unknown name: the closest match, and what there is.

    >>> one_of("adm", ["sgd", "adam"])
    "did you mean 'adam'? Available: adam, sgd"
    """
    names = sorted(available)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    listing = f"Available: {', '.join(names)}" if names else "There is none"
    return guess + (listing if guess else listing[0].lower() + listing[1:])
