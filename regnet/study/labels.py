"""What to call the studies of a launch, so that a reader sees at once in what they differ: ``handbuilt · sgd lr=0.001``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regnet.encoding import well_formed
from regnet.study.flatten import differing_names, flatten
from regnet.study.identity import PRESENTATION_KEYS, SEED_KEYS
from regnet.study.result import StudyResult

NAME = "name"
"""The option that says which component it is: its value needs no further word."""


def study_labels(results: Sequence[StudyResult]) -> list[str]:
    """A label for each study, no two alike: the name it was given, else what is not the same for all of them."""
    differing = differences([result.config for result in results])
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
    """For each configuration those of its options, by dotted name, that have another value elsewhere.

    An option that only some of them have, such as another optimizer's, counts if its value differs among those.
    """
    kept = [{key: value for key, value in config.items() if key not in SEED_KEYS | PRESENTATION_KEYS} for config in configs]
    flat = [{name: well_formed(str(value)) for name, value in flatten(config).items()} for config in kept]
    differing = sorted(differing_names(flat), key=lambda name: not name.startswith("engine."))
    return [{name: one[name] for name in differing if name in one} for one in flat]


def _words(options: Mapping[str, str]) -> str:
    """The options in a line, each after its component: ``handbuilt · sgd lr=0.001``."""
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
    """An option's name as a label has it: the last word of ``optimizer.lr``, and of ``model.layers.0.name`` ``layers.0``."""
    words = name.removesuffix(f".{NAME}").split(".")
    first = next((place - 1 for place, word in enumerate(words) if word.isdigit()), len(words) - 1)
    return ".".join(words[first:])
