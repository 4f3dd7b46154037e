"""The component to check: found by object, class or name, and constructed with the options it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from regnet.check.finding import NeedsOption, Violation
from regnet.check.running import calling
from regnet.contracts import KINDS
from regnet.errors import ConfigError, UnknownComponent
from regnet.registry.catalog import Catalog, Entry
from regnet.registry.options import Option, options_of

GUESSES = (0.5, 3, 1, 2, 10, True)
"""Values to try for a required number or switch; the first that its annotation admits is used."""

STAND_INS: dict[str, Any] = {
    "layer": "tanh",
    "loss": "mse",
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "dataset": {"name": "disc", "train_size": 60, "test_size": 40},
    "initializer": "he_fan_in",
    "metric": "error_rate",
}
"""Components for a required option that takes a component, by kind."""


REFUSED = "the constructor rejects values that its signature admits"


@dataclass(frozen=True)
class Subject:
    """A class with the options to construct it with, or an existing object."""

    kind: str
    name: str
    origin: str
    component: type
    given: Mapping[str, Any]
    catalog: Catalog
    instance: Any = None

    def make(self, features: int = 0) -> Any:
        """A component; options that were not given are guessed, so that a layer takes `features` features.

        Raises:
            NeedsOption: an option must be given and cannot be guessed.
            ConfigError: an option that was given is unknown or wrong.
            Violation: the constructor raises another error.
        """
        if self.instance is not None:
            return self.instance
        options = self.options()
        missing = [option for option in options.values() if option.required and option.name not in self.given]
        values = dict(self.given) | {option.name: self._guess(option, features) for option in missing}
        owner = f"{self.kind} {self.name}"
        try:
            with calling(self.component.__name__, REFUSED, passing=(ConfigError,)):
                return self.catalog.construct(self.component, options, values, owner=owner, where=self.name)
        except ConfigError as error:
            if self.given:
                raise
            if missing:
                raise NeedsOption(f"its options have no defaults and cannot be guessed: {error}") from error
            raise Violation(f"{self.component.__name__}()", "no error", str(error), REFUSED) from error

    def options(self) -> Mapping[str, Option]:
        """The options in the constructor's signature.

        Raises:
            Violation: the signature cannot be read as a config schema.
        """
        with calling(
            self.component.__name__,
            "the constructor's signature defines the options: annotate each with a type that a config supports",
        ):
            return options_of(self.component)

    def _guess(self, option: Option, features: int) -> Any:
        if option.nested_kind == "layer" and option.takes_list:
            return [{"name": "linear", "out_features": features}, "tanh"]
        if option.nested_kind:
            stand_in = STAND_INS[option.nested_kind]
            return [stand_in] if option.takes_list else stand_in
        choices = get_args(option.annotation) if get_origin(option.annotation) is Literal else GUESSES
        for value in [[choice] for choice in choices] if option.takes_list else choices:
            try:
                option.check(value)
            except ValueError:
                continue
            return value
        raise NeedsOption(f"its option {option.name!r} has no default and cannot be guessed: give it, {option.name}=...")


def find_subject(component: object, catalog: Catalog, given: Mapping[str, Any]) -> Subject:
    """The subject for an object, a class, an entry of the catalog, a name, or ``kind/name``.

    Raises:
        UnknownComponent: `component` is none of these, or no plugin registers it.
        ConfigError: options are given for an existing object.
    """
    if isinstance(component, str):
        component = _find_entry(component, catalog)
    if isinstance(component, Entry):
        return Subject(component.kind, component.name, str(component.origin), component.component, given, catalog)
    cls = component if isinstance(component, type) else type(component)
    kind = next((kind for kind, contract in KINDS.items() if issubclass(cls, contract)), None)
    if kind is None:
        raise UnknownComponent(f"{component!r} is not a component: expected a {', '.join(KINDS)}, by class, object or name")
    if given and cls is not component:
        raise ConfigError(f"{cls.__name__} is already constructed: options need a class or a name, got {', '.join(given)}")
    claims = (entry for found in catalog.entries[kind].values() for entry in found if entry.component is cls)
    entry = next(claims, None)
    name, origin = (entry.name, str(entry.origin)) if entry else (cls.__name__, "")
    return Subject(kind, name, origin, cls, given, catalog, None if cls is component else component)


def _find_entry(text: str, catalog: Catalog) -> Entry:
    kind, slash, name = text.partition("/")
    if slash and kind in KINDS:
        return catalog.find(kind, name)
    found = []
    for candidate_kind in KINDS:
        try:
            found.append(catalog.find(candidate_kind, text))
        except UnknownComponent as error:
            unknown = error
    if not found:
        raise UnknownComponent(f"no component is called {text!r}: see regnet plugins list") from unknown
    if len(found) > 1:
        choices = " or ".join(f"{entry.kind}/{text}" for entry in found)
        raise UnknownComponent(f"{text!r} is the name of several components: specify one of {choices}")
    return found[0]
