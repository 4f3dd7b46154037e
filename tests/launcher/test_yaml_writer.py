"""The writer's text equals OmegaConf's, for all values that a configuration may contain."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from omegaconf import MISSING, DictConfig, OmegaConf

from regnet.launcher.yaml_writer import YamlWriter


class Colour(Enum):
    """An enumeration."""

    RED = 1


@dataclass
class Inner:
    """A nested structured config."""

    colour: Colour = Colour.RED
    number: int | str = 3
    missing: int = MISSING
    by_colour: dict[Colour, int] = field(default_factory=lambda: {Colour.RED: 1})


@dataclass
class Typed:
    """A structured config."""

    inner: Inner = field(default_factory=Inner)
    absent: Inner | None = None
    to_give: Inner = MISSING
    same: Inner = "${inner}"  # type: ignore[assignment]
    path: Path = Path("a/b")
    data: bytes = b"\x00\x01"
    numbers: list[float] = field(default_factory=lambda: [1e-3, float("inf"), float("nan"), -0.0])


CONFIGS: list[Any] = [
    {},
    [],
    ["seed=1", "optimizer.lr=1e-3", "a: b", ""],
    {"a": {"b": {"c": [1, [2, {"d": []}], {}, {"e": {"f": None}}]}}, "empty": {}, "none": None},
    {"numbers": [1, 1.0, True, "1", "1.0", "true", "yes", "null", "1e-3", None]},
    {"on": {"y": 1}, "no": {"null": {"~": 1}}, "1": {"x": 2}, 1: {"x": 3}, False: {"x": 4}, 2.5: {"x": 5}},
    {"k with: colon": {"a": 1}, "x" * 200: {"a": 1}, "é": {"ü": "ß\u2028"}},
    {"text": "long " * 60, "lines": "one\n\ntwo\n", "deep": {"er": {"text": "long " * 60, "quote": 'it\'s: "so"'}}},
    {"tab": "a\tb", "trailing": "a ", "leading": " a", "dash": "- a", "hash": "a # b", "percent": "%a", "at": "@a", "star": "*a"},
    {"reference": "${a.b}", "missing": "???", "a": {"b": "${oc.env:HOME}"}, "twice": [1, 1], "same": [1, 1]},
    {"plain": ["word", "/a/b-c.d", "seed=1,lr=2", "a_b", "A1", "e3", "E", "x" * 300, -3, 0, 10**20]},
    {"meant": ["NaN", "Inf", "Yes", "n", "OFF", "True", "Null", "infinity", "nan.0", "on/off", "a:b", "a#b", "a=", "/", "a,"]},
    {"key": {"true": "true", "a": "y", "y": 1, "x": {"z": -1, "nan": "nan"}}},
    Typed(),
]


@pytest.mark.parametrize("content", CONFIGS, ids=range(len(CONFIGS)))
def test_text_equals_omegaconf(content: Any) -> None:
    config = OmegaConf.structured(content) if isinstance(content, Typed) else OmegaConf.create(content)
    writer = YamlWriter()
    for _ in range(2):  # without and with the cache
        assert writer.text(config) == OmegaConf.to_yaml(config)


def test_cache_of_other_configs_has_no_effect() -> None:
    writer = YamlWriter()
    contents = [
        {"a": value, "b": {"a": value, "c": [value]}} for value in (1, 1.0, True, "1", "1.0", None, "None", "True", [1], {})
    ]
    for config in [*map(OmegaConf.create, contents), *map(OmegaConf.create, reversed(contents))]:
        assert isinstance(config, DictConfig)
        assert writer.text(config) == OmegaConf.to_yaml(config)
