"""A report from the MLflow store alone equals the report from the launch's folder."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.test_command import SMALL, regnet
from tests.report.html_reader import Document

pytestmark = pytest.mark.slow


RUN = ("-m", "optimizer.lr=0.001,0.01", "seeds=3", "report=page", *SMALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, its report, and a report made from only the store."""
    made = tmp_path_factory.mktemp("stored")
    no_commit = {"GIT_CEILING_DIRECTORIES": str(made.parent)}  # temporary folders may be inside a checkout
    done = regnet(made, "run", *RUN, **no_commit)
    assert done.returncode == 0, done.stderr
    (launch,) = made.glob("multirun/*/*")
    launch.rename(made / "launch")
    again = regnet(made, "report", "--out", "again", **no_commit)
    assert (again.returncode, again.stderr) == (0, "")
    return made


def page(folder: Path) -> Document:
    return Document((folder / "report.html").read_text(encoding="utf-8"))


def test_tables_and_figures_are_equal(folder: Path) -> None:
    there, again = folder / "launch" / "report", folder / "again"
    assert {path.name for path in there.iterdir()} - {"jobs.csv"} == {path.name for path in again.iterdir()}
    for path in (there / path.name for path in again.iterdir()):
        if path.name != "report.html":
            assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_pages_differ_only_in_the_launch(folder: Path) -> None:
    def without(one: Document) -> list[str]:
        said = [element.text for element in one.all("p", "li", "td", "th", "dd", "desc")]
        return [text for text in said if not re.search(r"command|multirun|launch|commit|\d\d:\d\d", text)]

    assert without(page(folder / "launch" / "report")) == without(page(folder / "again"))


def test_command_of_the_launch(folder: Path) -> None:
    for where in (folder / "launch" / "report", folder / "again"):
        assert shlex.split(page(where).one("pre").text) == ["regnet", "run", *RUN]


def test_missing_command_is_made_from_the_configurations(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "mlruns", tmp_path / "mlruns")
    shutil.copy(folder / "mlflow.db", tmp_path)
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("DELETE FROM tags WHERE key = 'regnet.command'")
    done = regnet(tmp_path, "report")
    assert done.returncode == 0, done.stderr
    assert set(shlex.split(page(tmp_path / "report").one("pre").text)) == {"regnet", "run", *RUN}


def test_page_without_weights(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "mlflow.db", tmp_path)
    for weights in folder.glob("mlruns/*/*/artifacts/weights.safetensors"):
        weights.unlink()
    done = regnet(tmp_path, "report")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert "spread.svg" in names
    assert not any(name.startswith("regions") for name in names)


def test_report_of_only_a_table(folder: Path) -> None:
    done = regnet(folder, "report", "--kind", "table", "--out", "table")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (folder / "table").iterdir()] == ["table.md"]
