"""The catalog: every component that an installed plugin registers, by kind and name, and how to build one from a config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from importlib.metadata import version
from typing import Any, TypeVar

from regnet.contracts import KINDS
from regnet.credentials import concealed, reveal
from regnet.errors import BadOption, PluginError, UnknownComponent, one_of
from regnet.registry.discovery import Provenance
from regnet.registry.loading import Broken, Plugins, load_plugins
from regnet.registry.options import Option, options_of, summary, values_of
from regnet.registry.selection import OWN, VARIABLE
from regnet.registry.settings import GROUPS, OWN_SETTINGS, Settings

T = TypeVar("T")

MISSING = "???"
"""In a config, stands for a value that must still be given."""

HOOKS = {
    "layer": "regnet_layers",
    "loss": "regnet_losses",
    "optimizer": "regnet_optimizers",
    "dataset": "regnet_datasets",
    "initializer": "regnet_initializers",
    "metric": "regnet_metrics",
}


@dataclass(frozen=True)
class Entry:
    """A component in the catalog."""

    kind: str
    name: str
    component: type
    options: Mapping[str, Option]
    """The options in the constructor's signature."""
    origin: Provenance

    @property
    def summary(self) -> str:
        return summary(self.component)

    def __str__(self) -> str:
        origin = "" if self.origin.distribution == OWN else f" (from {self.origin})"
        return f"{self.kind} {self.name}{origin}"


@dataclass(frozen=True)
class Catalog:
    """All components, and the plugins that provide them."""

    plugins: Plugins
    entries: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    """For each kind and name, the components that claim it; more than one is a collision, reported when the name is used."""
    broken: tuple[Broken, ...]
    settings: Mapping[str, Entry] = field(default_factory=dict)
    """The plugins' own settings, by their name in the config."""
    config_paths: tuple[str, ...] = ()
    """The folders of the plugins' config files."""

    def names(self, kind: str) -> list[str]:
        return sorted(self.entries[kind])

    def refuse_broken_files(self) -> None:
        """Check the files that were asked for as plugins.

        Raises:
            PluginError: one of them, or a component in it, cannot be used.
        """
        asked = [broken for broken in self.broken if broken.origin.source.endswith(".py")]
        if asked:
            raise PluginError("; ".join(map(str, asked)))

    def find(self, kind: str, name: str) -> Entry:
        """The component of the given kind and name; write ``distribution:name`` where two distributions have the same name.

        Raises:
            UnknownComponent: there is none; the message lists the closest and all names, and plugins that are broken or off.
            PluginError: two distributions claim the name.
        """
        distribution, _, bare = name.rpartition(":")
        claims = [e for e in self.entries[kind].get(bare, ()) if not distribution or e.origin.is_called(distribution)]
        if not claims:
            raise UnknownComponent(f"unknown {kind} {name!r}: {one_of(name, self.entries[kind])}{self._absent()}")
        if len(claims) > 1:
            owners = " and ".join(str(entry.origin) for entry in claims)
            choices = " or ".join(f"{entry.origin.distribution}:{bare}" for entry in claims)
            raise PluginError(f"{kind} {name!r} is claimed by {owners}: say which, {choices}")
        return claims[0]

    def build(self, kind: str, spec: Any, *, where: str | None = None) -> Any:
        """Build the component that a config describes by its name, or by a mapping with `name` and options.

        Options that are components are built in the same way. `where` is the path of this part of the config, for errors.

        Raises:
            ConfigError: the spec does not describe a component; the name or an option is unknown; a value is wrong.
        """
        where = where or kind
        if isinstance(spec, KINDS[kind]):
            return spec
        name, given = self._read(kind, spec, where)
        entry = self.find(kind, name)
        return self.construct(entry.component, entry.options, given, owner=str(entry), where=where)

    def construct(self, cls: type[T], options: Mapping[str, Option], given: Mapping[str, Any], *, owner: str, where: str) -> T:
        """Make an object of the class from a config's values for its options.

        `owner` names the object and `where` is its path in the config, for errors; both are empty at the top level.

        Raises:
            ConfigError: an option is unknown or missing; a value is of the wrong type or out of range.
        """
        values = {}
        for name, value in given.items():
            if name not in options:
                raise BadOption(f"{owner or 'the configuration'} has no option {name!r}: {one_of(name, options)}")
            if value != MISSING:
                values[name] = self._value(options[name], value, owner, f"{where}.{name}" if where else name)
        for option in options.values():
            if option.required and option.name not in values:
                raise BadOption(f"{owner} needs its option {option.name!r}: set {where}.{option.name}")
        return cls(**values)

    def describe(self, component: Any) -> dict[str, Any]:
        """The config that builds an equal component: the inverse of `build`."""
        kind = next(kind for kind, contract in KINDS.items() if isinstance(component, contract))
        entry = next((e for claims in self.entries[kind].values() for e in claims if e.component is type(component)), None)
        if entry is None:
            raise UnknownComponent(f"{type(component).__name__} is not registered by any plugin, so no config can name it")
        return {"name": entry.name} | {name: self.as_config(value) for name, value in values_of(component).items()}

    def describe_option(self, option: Option) -> dict[str, Any]:
        """An option's name, type and default as text; the default of a required option is None."""
        default = None if option.required else str(self.as_config(option.default))
        return {"name": option.name, "type": option.type_text, "default": default}

    def as_config(self, value: Any) -> Any:
        """An option's value in the form of a config: components as their descriptions, other values unchanged."""
        if isinstance(value, tuple(KINDS.values())):
            return self.describe(value)
        return [self.as_config(item) for item in value] if isinstance(value, (list, tuple)) else concealed(value)

    def origins(self, *components: object) -> set[Provenance]:
        """The distributions, or loose files, of the components and of the components among their options."""
        origins = {e.component: e.origin for names in self.entries.values() for claims in names.values() for e in claims}
        return {origins[type(part)] for component in components for part in with_parts(component) if type(part) in origins}

    def _read(self, kind: str, spec: Any, where: str) -> tuple[str, dict[str, Any]]:
        if isinstance(spec, str):
            return spec, {}
        if isinstance(spec, Mapping) and isinstance(spec.get("name"), str):
            return spec["name"], {str(key): value for key, value in spec.items() if key != "name"}
        raise BadOption(f"{where} takes the name of {_article(kind)}, or a mapping with `name` and its options; got {spec!r}")

    def _value(self, option: Option, value: Any, owner: str, where: str) -> Any:
        if value is None and option.takes_none:
            return None
        if option.nested_kind is None:
            value = reveal(value) if isinstance(value, str) else value
            try:
                return option.check(value)
            except ValueError as error:
                raise BadOption(f"{_path(where, owner)} {error}; got {value!r}") from None
        if not option.takes_list:
            return self.build(option.nested_kind, value, where=where)
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            path = _path(where, owner)
            raise BadOption(f"{path} takes a list of {option.nested_kind}s; got {value!r}: write {where}=[{value}]")
        return tuple(self.build(option.nested_kind, item, where=f"{where}[{i}]") for i, item in enumerate(value))

    def _absent(self) -> str:
        """The plugins that are broken or off, which may be why a component is missing."""
        notes = [str(broken) for broken in self.broken]
        notes += [f"plugin {origin} is switched off by {VARIABLE}" for origin in self.plugins.off]
        return "".join(f"; {note}" for note in notes)


def _path(where: str, owner: str) -> str:
    return f"{where} of {owner}" if owner else where


def with_parts(component: object) -> Iterator[object]:
    """The component, and those among its options and their options."""
    yield component
    for value in values_of(component).values():
        for item in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(item, tuple(KINDS.values())):
                yield from with_parts(item)


def load_catalog(plugins: Plugins | None = None) -> Catalog:
    """Collect the components of all plugins.

    A plugin whose hook raises, or does not return a mapping, is recorded as broken, and so is a single component that does not
    meet its contract; everything else works.
    """
    plugins = plugins or load_plugins()
    broken = list(plugins.broken)
    paths = [path for path, _ in _answers("regnet_config_path", str, plugins, broken)]
    own = Provenance(OWN, version(OWN), "regnet.registry.settings")
    settings = {name: Entry("settings", name, cls, options_of(cls), own) for name, cls in OWN_SETTINGS.items()}
    for classes, origin in _answers("regnet_settings", Mapping, plugins, broken):
        for name, cls in classes.items():
            try:
                settings[name] = _settings_entry(name, cls, origin, settings)
            except TypeError as error:
                broken.append(Broken(origin, f"settings {name!r}: {error}"))
    entries: dict[str, dict[str, tuple[Entry, ...]]] = {kind: {} for kind in KINDS}
    for kind, hook in HOOKS.items():
        for components, origin in _answers(hook, Mapping, plugins, broken):
            for name, component in components.items():
                try:
                    entry = _entry(kind, name, component, origin)
                except TypeError as error:
                    broken.append(Broken(origin, f"{kind} {name!r}: {error}"))
                else:
                    entries[kind][name] = (*entries[kind].get(name, ()), entry)
    return Catalog(plugins, entries, tuple(broken), settings, tuple(paths))


def _answers(hook: str, expected: type, plugins: Plugins, broken: list[Broken]) -> Iterator[tuple[Any, Provenance]]:
    """What each plugin's implementation of a hook returns; a plugin that fails or returns another type is added to `broken`."""
    for implementation in getattr(plugins.manager.hook, hook).get_hookimpls():
        origin = plugins.origins.get(implementation.plugin_name, Provenance(implementation.plugin_name, "", "object"))
        try:
            found: Any = implementation.function()
        except (Exception, SystemExit) as error:  # a plugin's hook may raise anything
            broken.append(Broken(origin, f"{hook} raised {type(error).__name__}: {error}"))
            continue
        if isinstance(found, expected):
            yield found, origin
        else:
            name = "a text" if expected is str else "a dict of names and classes"
            broken.append(Broken(origin, f"{hook} returned {type(found).__name__}, expected {name}"))


def _entry(kind: str, name: Any, component: Any, origin: Provenance) -> Entry:
    """The catalog's entry for a component; raise TypeError if the component cannot be used."""
    contract = KINDS[kind]
    _check_name(name)
    if not (isinstance(component, type) and issubclass(component, contract)):
        raise TypeError(f"{component!r} is not a subclass of regnet.{contract.__name__}")
    missing = sorted(getattr(component, "__abstractmethods__", ()))
    if missing:
        raise TypeError(f"{component.__name__} does not implement {', '.join(missing)}")
    return Entry(kind, name, component, options_of(component), origin)


def _settings_entry(name: Any, cls: Any, origin: Provenance, taken: Mapping[str, Entry]) -> Entry:
    """The entry for a plugin's own settings; raise TypeError if the config cannot contain them."""
    _check_name(name)
    if name in GROUPS or name in vars(Settings)["__dataclass_fields__"]:
        raise TypeError("regnet itself has a setting of that name")
    if name in taken:
        raise TypeError(f"{taken[name].origin} has settings of that name already")
    if not (isinstance(cls, type) and is_dataclass(cls)):
        raise TypeError(f"{cls!r} is not a dataclass")
    options = options_of(cls)
    missing = sorted(option.name for option in options.values() if option.required)
    if missing:
        raise TypeError(f"{cls.__name__} has no default for {', '.join(missing)}")
    return Entry("settings", name, cls, options, origin)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise TypeError("a component's name is a word of letters, digits and underscores")
    if name == "auto":
        raise TypeError("regnet itself uses the name auto: choose another name")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
