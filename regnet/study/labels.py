"""What to call the studies of a launch, so that a reader sees at once in what they differ: ``handbuilt · sgd lr=0.001``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regnet.encoding import well_formed
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
    flat = [_flat({key: value for key, value in config.items() if key not in SEED_KEYS | PRESENTATION_KEYS}) for config in configs]
    keys = sorted({key: None for one in flat for key in one}, key=lambda key: not key.startswith("engine."))
    differing = [key for key in keys if len({one[key] for one in flat if key in one}) > 1]
    return [{key: one[key] for key in differing if key in one} for one in flat]


def _words(options: Mapping[str, str]) -> str:
    """The options in a line, each after its component: ``handbuilt · sgd lr=0.001``."""
    components: dict[str, list[str]] = {}
    for key, value in options.items():
        component, _, option = key.rpartition(".")
        if option == NAME and "." not in component:
            components.setdefault(component, []).insert(0, value)
        else:
            short = key.removesuffix(f".{NAME}").rpartition(".")[2]
            components.setdefault(key.partition(".")[0], []).append(f"{short}={value}")
    return _joined(*(" ".join(words) for words in components.values()))


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {prefix: well_formed(str(value))}
    return {name: text for key, inner in value.items() for name, text in _flat(inner, f"{prefix}.{key}" if prefix else key).items()}
