"""The versions with which a launch runs: of regnet, of the plugins, and of the code in the working directory."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from regnet.files import content_hash
from regnet.registry.loading import Plugins
from regnet.registry.selection import OWN

GIT_SECONDS: Final = 5
"""Timeout for git, since the repository may be on a disk that does not answer."""


def versions(plugins: Plugins) -> dict[str, str]:
    """Return the version of regnet and of every loaded distribution, by name; for a loose file, a hash of its content."""
    found = {OWN: version(OWN)}
    for origin in sorted(plugins.origins.values(), key=lambda origin: origin.distribution):
        loose = origin.source.endswith(".py")
        found[origin.distribution] = content_hash(Path(origin.source)) if loose else origin.version
    return found


@cache
def git_commit() -> str | None:
    """Return the commit that is checked out in the working directory; None outside a git repository."""
    return _git("rev-parse", "HEAD")


@cache
def git_dirty() -> bool:
    """Return whether files that git tracks were changed since that commit."""
    return bool(_git("status", "--porcelain", "--untracked-files=no"))


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, encoding="utf-8", check=True, timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
