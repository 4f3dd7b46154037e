"""Labels for the studies of a launch that show in which settings they differ: ``handbuilt · sgd lr=0.001``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regnet.encoding import well_formed
from regnet.study.flatten import differing_names, flatten
from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.study.result import StudyResult

NAME = "name"
"""The option that selects a component; labels show its value without its key."""


def study_labels(results: Sequence[StudyResult]) -> list[str]:
    """Return a distinct label for each study: the name it was given, else the settings that are not the same for all studies.

    Settings that were `auto` in all studies are left out: they follow from the others, and from the data.
    """
    automatic = set.intersection(*(set(result.automatic) for result in results)) if results else set()
    differing = [
        {name: value for name, value in options.items() if name.removesuffix(f".{NAME}") not in automatic}
        for options in differences([result.config for result in results])
    ]
    named = [result.name if result.config.get("study") else "" for result in results]
    labels = [
        name if name and named.count(name) == 1 else _joined(name, _words(options)) or result.name
        for result, name, options in zip(results, named, differing, strict=True)
    ]
    return [
        label if labels.count(label) == 1 else f"{label} · {result.identity[:4]}"
        for label, result in zip(labels, results, strict=True)
    ]


def differences(configs: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return those options of each configuration, by dotted name, that have a different value in some other configuration.

    An option that only some of them have, such as another optimizer's, counts if its value differs among those.
    """
    kept = [{key: value for key, value in config.items() if key not in SEED_KEYS | PRESENTATION_KEYS} for config in configs]
    flat = [{name: well_formed(str(value)) for name, value in flatten(config).items()} for config in kept]
    differing = sorted(differing_names(flat), key=lambda name: not name.startswith("engine."))
    return [{name: config[name] for name in differing if name in config} for config in flat]


def _words(options: Mapping[str, str]) -> str:
    """Join the options in a line, each after its component: ``handbuilt · sgd lr=0.001``."""
    components: dict[str, list[str]] = {}
    for key, value in options.items():
        component, _, option = key.rpartition(".")
        if option == NAME and "." not in component:
            components.setdefault(component, []).insert(0, value)
        else:
            components.setdefault(key.partition(".")[0], []).append(f"{_short(key)}={value}")
    return _joined(*(" ".join(words) for words in components.values()))


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _short(name: str) -> str:
    """Return an option's name for a label: the last word of ``optimizer.lr``, and ``layers.0`` for ``model.layers.0.name``."""
    words = name.removesuffix(f".{NAME}").split(".")
    first = next((index - 1 for index, word in enumerate(words) if word.isdigit()), len(words) - 1)
    return ".".join(words[first:])
