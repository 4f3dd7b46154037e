"""Load plugins: each entry point of the group `regnet` is loaded separately, and failures are recorded."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from regnet import hookspecs
from regnet.errors import ConfigError, PluginError, one_of
from regnet.registry.discovery import Candidate, Provenance, candidates
from regnet.registry.selection import OWN, VARIABLE, Policy, read_policy


@dataclass(frozen=True)
class Broken:
    """A plugin, or one of its components, that cannot be used, and the reason in a line."""

    origin: Provenance
    reason: str

    @property
    def fix(self) -> str:
        """What the user can do about it."""
        if self.origin.source.endswith(".py"):
            return f"fix {self.origin.source}"
        name = self.origin.distribution
        return f"pip install -U {name}, or switch it off: {VARIABLE}=-{name}"

    def __str__(self) -> str:
        return f"plugin {self.origin} is broken: {self.reason} ({self.fix})"


@dataclass(frozen=True)
class Plugins:
    """All plugins that were found: the manager that calls the hooks of working ones, and the origins of all."""

    manager: pluggy.PluginManager
    origins: dict[str, Provenance]
    """The origin of each plugin, by its name in the manager."""
    broken: tuple[Broken, ...] = ()
    off: tuple[Provenance, ...] = ()
    """The plugins that the policy switches off: their code is not imported."""


def load_plugins(policy: Policy | None = None) -> Plugins:
    """Load every plugin that the policy admits; one that fails is recorded, and the others are still loaded.

    Raises:
        ConfigError: the policy names a file that does not exist.
    """
    policy = policy or read_policy()
    found = list(candidates(policy))
    _check_names(policy, found)
    manager = pluggy.PluginManager("regnet")
    manager.add_hookspecs(hookspecs)
    origins: dict[str, Provenance] = {}
    broken: list[Broken] = []
    off: list[Provenance] = []
    for candidate in found:
        origin = candidate.origin
        if not isinstance(candidate.load_from, Path) and not policy.admits(origin.distribution):
            off.append(origin)
            continue
        try:
            manager.register(_load(candidate.load_from), candidate.name)
        except (Exception, SystemExit) as error:  # a plugin's module may raise anything
            broken.append(Broken(origin, _reason(error)))
        else:
            origins[candidate.name] = origin
    return Plugins(manager, origins, tuple(broken), tuple(off))


def _check_names(policy: Policy, found: Sequence[Candidate]) -> None:
    known = {candidate.origin.distribution for candidate in found}
    for name in policy.only or ():
        try:
            distribution(name)  # a launcher is a plugin of Hydra alone
        except PackageNotFoundError:
            raise ConfigError(f"no plugin {name} is installed: {one_of(name, known)}") from None


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
    if name in sys.modules and sys.modules[name].__file__ != str(file):  # another file of the same name
        name += f"_{hashlib.blake2b(str(file).encode(), digest_size=4).hexdigest()}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their annotations there
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # it may import a file beside it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_requirements(distribution: Distribution | None) -> None:
    """Refuse a distribution that requires a different version of regnet, before it is imported."""
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
"""Functions that return an object when called, instead of running."""


def _check_hooks(plugin: Any) -> None:
    """Refuse hooks that would never run: unknown ones, wrappers, generators and coroutines."""
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
        for kind, is_kind in NEVER_RUN.items():
            if is_kind(function):
                raise PluginError(f"hook {hook} is {kind}, whose lines regnet does not run: write a plain function")


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
