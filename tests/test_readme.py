"""The README: its Python code, counts, links and commands."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import torch

import regnet
from regnet.config.compose import compose_config
from regnet.contracts import Context
from regnet.registry.catalog import Catalog
from regnet.registry.selection import OWN
from regnet.rng import Noise

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
RUNS = re.findall(r"^\$ regnet run (.*?)(?: +#.*)?$", README, re.MULTILINE)


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_python_from_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    use, layer = python_blocks()
    names: dict[str, object] = {}
    exec(use, names)
    result = names["result"]
    assert isinstance(result, regnet.StudyResult)
    assert result.history["test/error_rate"].shape == (5, 20)
    exec(layer, names)


def test_layer_from_the_readme_has_the_right_gradient() -> None:
    names: dict[str, object] = {"__name__": "readme"}
    exec(python_blocks()[1], names)
    hook = names["regnet_layers"]
    assert callable(hook)
    layer = hook()["softsquare"]()
    x = torch.linspace(-3, 3, 14, dtype=torch.float64).reshape(7, 2).requires_grad_()
    context = Context(training=True, noise=Noise([0], replica_axis=False))
    y, cache = layer.forward({}, x, context)
    dy = torch.rand_like(y)
    (expected,) = torch.autograd.grad(y, x, dy)
    torch.testing.assert_close(layer.backward({}, cache, dy)[0], expected)


@pytest.mark.parametrize("words", RUNS)
def test_commands_in_the_readme_compose(words: str, catalog: Catalog) -> None:
    overrides = [word for word in words.split() if word != "-m" and not (words.startswith("-m") and "," in word)]
    assert compose_config(overrides, catalog)["engine"]["name"] in ("handbuilt", "torch")


def test_counts(catalog: Catalog) -> None:
    counted = {
        kind: int(number) for number, kind in re.findall(r"(\d+) (layer|losse|optimizer|initializer|data set|metric)s", README)
    }
    names = {
        "layer": "layer",
        "losse": "loss",
        "optimizer": "optimizer",
        "initializer": "initializer",
        "data set": "dataset",
        "metric": "metric",
    }
    for word, kind in names.items():
        own = [name for name, claims in catalog.entries[kind].items() if claims[0].origin.distribution == OWN]
        assert counted[word] == len(own), kind


def test_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


def test_short_table_of_speeds_agrees_with_the_full_one() -> None:
    short_table = runpy.run_path(str(ROOT / "scripts" / "readme-speed"))["short_table"]
    (block,) = re.findall(r"<!-- speed -->\n(.*?)<!-- /speed -->", README, re.DOTALL)
    assert block == short_table((ROOT / "docs" / "speed.md").read_text(encoding="utf-8"))
    assert 3 < len(block.splitlines()) <= 10


def test_links_have_targets() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / document).read_text()):
            assert (ROOT / target).exists(), target
