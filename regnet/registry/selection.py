"""Which plugins to use: all that are installed, unless the variable REGNET_PLUGINS selects some."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from regnet.errors import ConfigError

VARIABLE = "REGNET_PLUGINS"
OWN = "regnet-framework"
"""The distribution of regnet itself, which an allow-list need not name."""
SHORT = "regnet"
"""Its short name: that of the package and of the command."""


@dataclass(frozen=True)
class Policy:
    """Which plugins to load, decided by name before any plugin's code is imported."""

    off: frozenset[str] = frozenset()
    """Distributions that are switched off."""
    only: frozenset[str] | None = None
    """The only distributions to use, or None for all."""
    files: tuple[Path, ...] = ()
    """Loose files to load as plugins, without any packaging."""

    def admits(self, distribution: str) -> bool:
        """Whether a distribution's plugins are to be loaded."""
        name = distribution_name(distribution)
        return name not in self.off and (self.only is None or name == OWN or name in self.only)


def _words(text: str) -> list[str]:
    """The words of a policy, which may be a list in brackets; files are made absolute, since a job may have another directory."""
    words = (word.strip().strip("'\"") for word in text.strip().strip("'\"[]").split(","))
    return [str(Path(word).expanduser().resolve()) if word.endswith(".py") else word for word in words if word]


def distribution_name(given: str) -> str:
    """The normalized name of a distribution; ``regnet`` stands for regnet's own."""
    name = canonicalize_name(given)
    return OWN if name == SHORT else name


def read_policy(text: str | None = None) -> Policy:
    """Read the policy from a text such as ``-name``, ``name,other`` or ``./my_layer.py``; by default from REGNET_PLUGINS.

    Words are separated by commas: ``-name`` switches a distribution off, ``name`` allows only distributions that are named, and
    a word that ends in ``.py`` is a file to load as well.

    Raises:
        ConfigError: the file does not exist.
    """
    words = _words(os.environ.get(VARIABLE, "") if text is None else text)
    files = tuple(Path(word) for word in words if word.endswith(".py"))
    for file in files:
        if not file.is_file():
            raise ConfigError(f"there is no plugin file {file} (asked for by --plugin, plugins= or {VARIABLE})")
    names = [word for word in words if not word.endswith(".py")]
    for name in names:
        if os.sep in name or name.lstrip("-").startswith("."):
            raise ConfigError(f"{name} is no plugin: name a .py file, or a distribution that is installed (pip install -e FOLDER)")
    only = frozenset(distribution_name(word) for word in names if not word.startswith("-"))
    off = frozenset(distribution_name(word[1:]) for word in names if word.startswith("-"))
    return Policy(off, only or None, files)


def add_to_policy(*words: str) -> None:
    """Add words to REGNET_PLUGINS, so that processes started from now on use the same plugins."""
    os.environ[VARIABLE] = ",".join(dict.fromkeys([*_words(os.environ.get(VARIABLE, "")), *_words(",".join(words))]))


def add_files(*words: str) -> None:
    """Add the files that `--plugin` names to REGNET_PLUGINS.

    Raises:
        ConfigError: one is no Python file.
    """
    for word in words:
        if not word.endswith(".py"):
            raise ConfigError(f"--plugin takes a .py file, got {word}: plugins={word} is for a distribution that is installed")
    add_to_policy(*words)


def add_overrides_to_policy(overrides: Sequence[str]) -> None:
    """Add the words of overrides such as ``plugins=-name`` or ``plugins='./my_layer.py,other'`` to REGNET_PLUGINS."""
    for override in overrides:
        key, _, value = override.partition("=")
        if key == "plugins":
            add_to_policy(value)


@contextmanager
def policy_of(overrides: Sequence[str]) -> Iterator[None]:
    """Context manager that adds the overrides' words to REGNET_PLUGINS, and restores the variable on exit."""
    before = os.environ.get(VARIABLE, "")
    add_overrides_to_policy(overrides)
    try:
        yield
    finally:
        os.environ[VARIABLE] = before


def refuse_late_policy(given: str | Sequence[str] | None) -> None:
    """Raise ConfigError if a composed config's `plugins` has words that no override had: the plugins are imported by then."""
    known = _words(os.environ.get(VARIABLE, ""))
    late = [word for word in _words(given if isinstance(given, str) else ",".join(given or ())) if word not in known]
    if late:
        raise ConfigError(
            f"plugins={','.join(late)} in a config file comes too late: give it on the command line, or in {VARIABLE}"
        )
