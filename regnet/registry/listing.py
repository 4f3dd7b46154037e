"""The list that `regnet plugins list` shows, cached between calls, since loading torch takes seconds."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from regnet.registry.discovery import candidates
from regnet.registry.selection import VARIABLE, Policy, read_policy

FORMAT = "1"
"""The version of the cache's format."""


@dataclass(frozen=True)
class Item:
    """One line of the list: a component, or a plugin without components, for example one that is off or broken."""

    kind: str
    name: str
    distribution: str
    version: str
    source: str
    state: str
    """loaded, off, broken, or collision."""
    detail: str
    """The first line of the component's docstring, or the reason for its state."""
    options: tuple[dict[str, Any], ...] = ()
    """The name, type and default of each option, as text."""


def list_items(policy: Policy | None = None) -> list[Item]:
    """Every component, and every plugin without components; from the cache as long as no plugin's files have changed."""
    policy = policy or read_policy()
    cache = user_cache_path("regnet") / f"plugins-{_fingerprint(policy)}.json"
    try:
        return [Item(**item | {"options": tuple(item["options"])}) for item in json.loads(cache.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        items = list(_load(policy))
    _write(cache, items)
    return items


def _load(policy: Policy) -> Iterator[Item]:
    from regnet.registry.catalog import load_catalog
    from regnet.registry.loading import load_plugins

    catalog = load_catalog(load_plugins(policy))
    for kind, names in catalog.entries.items():
        for name, claims in names.items():
            for entry in claims:
                origin = entry.origin
                state = "loaded" if len(claims) == 1 else "collision"
                options = tuple(catalog.describe_option(option) for option in entry.options.values())
                yield Item(kind, name, origin.distribution, origin.version, origin.source, state, entry.summary, options)
    shown = {entry.origin for names in catalog.entries.values() for claims in names.values() for entry in claims}
    for name, entry in catalog.settings.items():
        origin = entry.origin
        shown.add(origin)
        options = tuple(catalog.describe_option(option) for option in entry.options.values())
        yield Item("settings", name, origin.distribution, origin.version, origin.source, "loaded", entry.summary, options)
    for origin in catalog.plugins.origins.values():
        if origin not in shown:
            yield Item("–", "–", origin.distribution, origin.version, origin.source, "loaded", "gives no component: it listens")
    for broken in catalog.broken:
        origin, detail = broken.origin, f"{broken.reason} ({broken.fix})"
        yield Item("–", "–", origin.distribution, origin.version, origin.source, "broken", detail)
    for origin in catalog.plugins.off:
        yield Item("–", "–", origin.distribution, origin.version, origin.source, "off", f"switched off by {VARIABLE}")


def _write(cache: Path, items: list[Item]) -> None:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        for old in cache.parent.glob("plugins-*.json"):
            old.unlink(missing_ok=True)
        cache.write_text(json.dumps([asdict(item) for item in items]), encoding="utf-8")
    except OSError:
        pass  # without the cache, only time is lost


def _fingerprint(policy: Policy) -> str:
    """A hash of what the list depends on: the policy, the plugins' versions, and when their files were last changed."""
    parts = [FORMAT, sys.executable, repr(policy)]
    for candidate in candidates(policy):
        parts.append(f"{candidate.name} {candidate.origin}")
        path = candidate.load_from if isinstance(candidate.load_from, Path) else _package_path(candidate.load_from.module)
        parts += [f"{source} {source.stat().st_mtime_ns}" for source in _sources(path)]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _package_path(module: str) -> Path | None:
    """The file or folder of a module's top package, found without an import."""
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file


def _sources(path: Path | None) -> Iterator[Path]:
    if path is None:
        return
    if path.is_file():
        yield path
        return
    for folder, _, files in os.walk(path):
        yield from (Path(folder) / file for file in sorted(files) if file.endswith(".py"))
