"""The command `regnet bench`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[2]
QUICK = ("--rounds", "2", "--epochs", "1")


def bench(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "regnet", "bench", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_json_contains_every_measurement(tmp_path: Path) -> None:
    done = bench(tmp_path, "--json", *QUICK, "--contenders", "torch,solo,lockstep,jax,c", "--replicas", "3", "--memory", "4")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["rounds"], found["epochs"], found["absent"]) == (2, 1, [])
    assert [one["key"] for one in found["timings"]] == ["torch", "solo", "lockstep:3", "jax:3", "c"]
    assert [one["replicas"] for one in found["timings"]] == [1, 1, 3, 3, 1]
    for one in found["timings"]:
        ratio = np.divide(found["timings"][0]["step_microseconds"], one["step_microseconds"])
        assert one["speedup"] == pytest.approx(ratio)
        assert len(one["cores"]) == 2
        assert one["peak_memory"] > 0
        assert one["loss_error"] < 1e-4
    assert found["memory"]["key"] == "lockstep:4"
    assert found["memory"]["speedup"] is None


def test_tables_list_missing_contenders_and_fill_a_file(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("above\n<!-- bench -->\nold\n<!-- /bench -->\nbelow\n")
    words = ("--contenders", "torch,solo,c", "--readme", "README.md", "--figure", "figures/curve.png", "--points", "2", "3")
    done = bench(tmp_path, *QUICK, *words, PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    text = readme.read_text()
    assert text.startswith("above\n<!-- bench -->\n**A training step")
    assert text.endswith("<!-- /bench -->\nbelow\n")
    assert "old" not in text
    for shown in (done.stdout, text):
        assert "plain C was not timed: no C compiler was found" in " ".join(shown.split())
        assert "replicas" in shown  # numbers of many digits let the name wrap in the terminal, anywhere
    assert "hand-built, lockstep, 3 replicas" in text
    (picture,) = re.findall(r"!\[Time of a step per replica.*]\((.*)\)", text)
    assert picture == "figures/curve.png"
    assert imread(tmp_path / picture).shape[2] == 4
    assert "lockstep" in (tmp_path / "figures" / "curve.svg").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rounds", "0"), "from 1 up"),
        (("--memory", "0"), "from 1 up"),
        (("--contenders", "jaxx"), "did you mean 'jax'?"),
        (("--readme", "nowhere.md"), "expected a file with one block"),
    ],
)
def test_user_errors_before_the_benchmark(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = bench(tmp_path, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_block_of_the_page_has_the_format_of_the_command() -> None:
    """There is one block, whose rows and columns are those of the command."""
    (block,) = re.findall(r"<!-- bench -->\n(.*?)<!-- /bench -->", (ROOT / "docs" / "speed.md").read_text(), re.DOTALL)
    assert "| PyTorch engine |" in block
    assert "Measured on:" in block
