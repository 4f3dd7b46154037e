"""Plugins that are named as files: every way to name one, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

import regnet
from tests.cli.test_launching import RUN, SMALL, refused
from tests.conftest import Inside

LAYER = """
import beside
from regnet.hookspecs import hookimpl
from regnet.builtin.layers.relu import ReLU

class {name}(ReLU):
    pass

@hookimpl
def regnet_layers():
    return {{"{name}": {name}}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("given", ["--plugin", "plugins={}", "plugins=[{}]", "plugins='{}'", "plugins=['{}']"])
def test_plugin_files(inside: Inside, tmp_path: Path, given: str) -> None:
    """A file may import another one beside it, and switches no other plugin off."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/beside.py").write_text("")
    (tmp_path / "own/mine.py").write_text(LAYER.format(name="mine"))
    for file in ("own/mine.py", str(tmp_path / "own/mine.py")):
        words = ("--plugin", file) if given == "--plugin" else (given.format(file),)
        assert inside(*RUN, *words, "model.activation=mine").code == 0
    result = regnet.run([*SMALL, "tracking=none", f"plugins=['{tmp_path}/own/mine.py']", "model.activation=mine"])
    assert result.config["model"]["activation"] == "mine"


def test_two_plugin_files_of_one_name(inside: Inside, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "beside.py").write_text("")
        (tmp_path / name / "mine.py").write_text(LAYER.format(name=name))
    files = ("--plugin", "first/mine.py", "--plugin", "second/mine.py")
    assert inside(*RUN, *files, "model.activation=first", "model.output=second").code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--plugin", "."), "--plugin takes a .py file, got ."),
        (("--plugin", "nosuch.py"), "there is no plugin file"),
        (("plugins=.",), ". is no plugin: name a .py file"),
        (("plugins=nosuch",), "no plugin nosuch is installed: available:"),
        (("--plugin", "regnet-toydata"), "plugins=regnet-toydata is for a distribution that is installed"),
    ],
)
def test_plugins_that_are_none(inside: Inside, words: tuple[str, ...], expected: str) -> None:
    assert expected in refused(inside, *words)


def test_a_plugin_file_that_is_broken_ends_the_command(inside: Inside, tmp_path: Path) -> None:
    """It was asked for by name: training without it would not be what was asked."""
    (tmp_path / "mine.py").write_text("import nosuch\n", encoding="utf-8")
    done = inside(*RUN, "--plugin", "mine.py")
    assert done.code == 2
    assert "plugin mine.py is broken: ModuleNotFoundError: No module named 'nosuch'" in done.stderr
    assert not (tmp_path / "outputs").exists()


@pytest.mark.slow
def test_reports_know_plugin_files(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "mine.py").write_text(LAYER.format(name="mine"))
    assert inside("run", *SMALL, "--plugin", "mine.py", "model.activation=mine").code == 0
    done = inside("report", "--plugin", "mine.py", "--kind", "figures")
    assert done.code == 0, done.stderr
