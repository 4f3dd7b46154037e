"""Errors of a table: one line with the problem, the closest name or a remedy; on the command line, exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import regnet
from regnet.builtin.datasets.table import Table
from tests.table.files import MakeFile, draw

ROWS = 40
DATES = pd.Timestamp("2026-01-01") + pd.to_timedelta(range(ROWS), unit="D")
COLUMNS: dict[str, Any] = {
    "height": [row + 0.5 for row in range(ROWS)],
    "kind": ["oak", "ash"] * (ROWS // 2),
    "gaps": [None if row < 3 else float(row) for row in range(ROWS)],
    "nothing": [None] * ROWS,
    "same": [7.0] * ROWS,
    "stray": ["n/a?" if row == 17 else str(row) for row in range(ROWS)],
    "name": [f"name {row}" for row in range(ROWS)],
    "day": DATES,
}


def error(path: str, target: str, features: list[str] | None, **options: Any) -> str:
    with pytest.raises(regnet.RegnetError) as caught:
        draw(Table(path, target, features, **options))
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("target", "features", "options", "words"),
    [
        ("heigth", ["kind"], {}, ["no column 'heigth' (dataset.target)", "did you mean 'height'?", "Columns: height, kind"]),
        ("HEIGHT", ["kind"], {}, ["did you mean 'height'?"]),
        ("height", ["kind", "Gap"], {}, ["no column 'Gap' (dataset.features)", "did you mean 'gaps'?"]),
        ("height", ["height"], {}, ["names the target 'height'"]),
        ("height", ["kind", "kind"], {}, ["names 'kind' twice"]),
        ("height", [], {}, ["dataset.features is empty"]),
        ("day", ["height"], {}, ["the target 'day'", "has dates", "numbers or text"]),
        ("height", None, {}, ["column 'stray'", "'n/a?' in row 18", "dataset.na_values=[n/a?]", "dataset.exclude=[stray]"]),
        ("height", ["gaps"], {}, ["(3 in 'gaps')", "dataset.missing=drop leaves out 3 of 40 rows", "dataset.missing=mean"]),
        ("gaps", ["height"], {"missing": "mean"}, ["3 values of the target 'gaps'", "dataset.missing=drop"]),
        ("height", ["nothing"], {"missing": "drop"}, ["column 'nothing'", "cannot be a feature: no values"]),
        ("kind", ["height"], {"task": "regression"}, ["'kind'", "not numeric", "'oak'"]),
        ("stray", ["height"], {"task": "regression"}, ["'stray'", "not numeric", "'n/a?' in row 18"]),
        ("stray", ["height"], {}, ["'stray'", "40 different values in 40 rows", "'n/a?' in row 18"]),
        ("height", ["kind"], {"task": "classification"}, ["40 different values", "dataset.task=regression"]),
        ("name", ["height"], {}, ["40 different values"]),
        ("same", ["height"], {}, ["7.0 in every row", "nothing to predict"]),
        ("height", ["kind"], {"test_share": 0.001}, ["too few rows", "40 to train on and 0 to test on"]),
    ],
)
def test_errors_of_columns(
    file: MakeFile, target: str, features: list[str] | None, options: dict[str, Any], words: list[str]
) -> None:
    text = error(file("data.parquet", **COLUMNS), target, features, **options)
    for word in words:
        assert word in text


def test_missing_files(file: MakeFile, tmp_path: Path) -> None:
    file("flowers.csv", a=[1, 2])
    missing = error(str(tmp_path / "flower.csv"), "a", None)
    assert "there is no file" in missing
    assert "did you mean 'flowers.csv'?" in missing
    assert "no folder" in error(str(tmp_path / "nowhere" / "flower.csv"), "a", None)
    assert "or in .parquet: save the sheet as CSV" in error(str(tmp_path / "flower.xlsx"), "a", None)
    assert "or in .parquet" in error(str(tmp_path), "a", None)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.csv", b"", "no columns"),
        ("data.csv", b"a,b\n", "no rows"),
        ("data.csv", b"a,b\n1,2\n3,4,5\n", "line 3"),
        ("data.csv", b"a,\xff\xfe\n1,2\n", "Columns: a, \u00ff\u00fe (encoding cp1252)"),
        ("data.csv", b"a,\x81\n1,2\n", "its text is neither UTF-8 nor cp1252: set dataset.encoding"),
        ("data.csv", b"a,\x00\n1,2\n", "line 1 has a byte of value 0"),
        ("data.csv", b"a/b\n1/2\n", "is another dataset.separator between them?"),
        ("data.csv", b"a,b\n1,2.5\n2,3\n", "too few rows: 2"),
        (
            "data.csv",
            b"a,b\nx,1.5\ny,2\nx,3\n",
            "no column to learn from beside the target 'b': a: 2 different words in 3 rows: name it",
        ),
        ("data.parquet", b"no such thing", "cannot be read as .parquet"),
    ],
)
def test_files_that_are_not_tables(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in error(str(tmp_path / name), "b", None)


def test_too_many_words_for_a_feature(file: MakeFile) -> None:
    path = file(word=[f"w{row}" for row in range(300)], y=[0, 1] * 150)
    assert "'word' of data.csv cannot be a feature: 300 different words in 300 rows, at most 100" in error(path, "y", ["word"])


def test_feature_without_values_in_training_rows(file: MakeFile) -> None:
    """Two of three rows are for training; with some seeds, neither has the only value."""
    table = Table(file(a=[1.0, None, None], y=[0.5, 1.5, 2.5]), "y", ["a"], missing="mean", test_share=0.34)
    found = [_outcome(table, seed) for seed in range(30)]
    assert set(found) == {"", "column 'a' of data.csv has no values among the training rows: leave it out, dataset.exclude"}


def _outcome(table: Table, seed: int) -> str:
    try:
        draw(table, seed)
    except regnet.RegnetError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["dataset.target=kind"], ["regnet: dataset table needs its option 'path': set dataset.path"]),
        (["dataset.path=data.csv", "dataset.target=kinds"], ["regnet: data.csv has no column 'kinds'", "did you mean 'kind'?"]),
    ],
)
def test_errors_on_the_command_line(file: MakeFile, tmp_path: Path, options: list[str], words: list[str]) -> None:
    file(height=COLUMNS["height"], kind=COLUMNS["kind"])
    command = [sys.executable, "-m", "regnet", "run", "dataset=table", "tracking=none", "loss=cross_entropy", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("regnet:")]
    for word in words:
        assert word in line
