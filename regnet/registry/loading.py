"""Finding plugins: each entry point of the group `regnet` is loaded on its own, and what became of it is remembered."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from regnet import hookspecs
from regnet.errors import PluginError, one_of
from regnet.registry.discovery import Provenance, candidates
from regnet.registry.selection import OWN, VARIABLE, Policy, read_policy


@dataclass(frozen=True)
class Broken:
    """A plugin, or one component of it, that cannot be used, and why, in a line."""

    origin: Provenance
    reason: str

    @property
    def mend(self) -> str:
        """What the user can do about it."""
        if self.origin.source.endswith(".py"):
            return f"mend {self.origin.source}"
        name = self.origin.distribution
        return f"pip install -U {name}, or switch it off: {VARIABLE}=-{name}"

    def __str__(self) -> str:
        return f"plugin {self.origin} is broken: {self.reason} ({self.mend})"


@dataclass(frozen=True)
class Plugins:
    """Every plugin that was found: the manager that calls the hooks of those that work, and whose each one is."""

    manager: pluggy.PluginManager
    origins: dict[str, Provenance]
    """For each plugin's name in the manager, where it comes from."""
    broken: tuple[Broken, ...] = ()
    off: tuple[Provenance, ...] = ()
    """Those that the policy switched off: their code was not imported."""


def load_plugins(policy: Policy | None = None) -> Plugins:
    """Loads every plugin that the policy admits anew; one that fails is recorded and does not keep the others from loading.

    Raises:
        ConfigError: the policy names a file that does not exist.
    """
    policy = policy or read_policy()
    manager = pluggy.PluginManager("regnet")
    manager.add_hookspecs(hookspecs)
    origins: dict[str, Provenance] = {}
    broken: list[Broken] = []
    off: list[Provenance] = []
    for candidate in candidates(policy):
        origin = candidate.origin
        if not isinstance(candidate.load_from, Path) and not policy.admits(origin.distribution):
            off.append(origin)
            continue
        try:
            manager.register(_load(candidate.load_from), candidate.name)
        except (Exception, SystemExit) as error:  # whatever a stranger's module raises: their plugin is broken, not ours
            broken.append(Broken(origin, _reason(error)))
        else:
            origins[candidate.name] = origin
    return Plugins(manager, origins, tuple(broken), tuple(off))


def _load(source: EntryPoint | Path) -> Any:
    if isinstance(source, Path):
        plugin: Any = _import_file(source)
    else:
        _check_requirements(source.dist)
        plugin = source.load()
    _check_hooks(plugin)
    return plugin


def _import_file(file: Path) -> ModuleType:
    name = f"regnet_file_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look their annotations up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_requirements(distribution: Distribution | None) -> None:
    """Refuses a distribution that says it needs another version of regnet than this one, before it is imported."""
    for text in (distribution.requires or []) if distribution else []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == OWN and not requirement.specifier.contains(version(OWN), prereleases=True):
            raise PluginError(f"it needs {requirement}, and this is {OWN} {version(OWN)}")


NEVER_RUN: Final = {
    "a generator": inspect.isgeneratorfunction,
    "a coroutine": inspect.iscoroutinefunction,
    "an asynchronous generator": inspect.isasyncgenfunction,
}
"""Functions that only return an object when they are called."""


def _check_hooks(plugin: Any) -> None:
    """Refuse hooks whose lines would never run: unknown ones, and those that are wrappers, generators or coroutines."""
    known = {name for name in vars(hookspecs) if name.startswith("regnet_")}
    for name in dir(plugin):
        function: Any = getattr(plugin, name, None)
        options = getattr(function, "regnet_impl", None)
        if not options:
            continue
        hook = options["specname"] or name
        if hook not in known:
            raise PluginError(f"there is no hook {hook}: {one_of(hook, known)}")
        if options["wrapper"] or options["hookwrapper"]:
            raise PluginError(f"hook {hook} is a wrapper, which regnet does not run: decorate it with @hookimpl alone")
        for kind, asked in NEVER_RUN.items():
            if asked(function):
                raise PluginError(f"hook {hook} is {kind}, whose lines regnet does not run: write a plain function")


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
