"""Follows docs/plugins.md word by word, in a fresh environment elsewhere: every command is run and what it prints is compared."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from regnet import hookspecs

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plugins.md").read_text()
BLOCK = re.compile(r"(?:<!-- (?P<file>\S+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def matches(expected: str, got: str) -> bool:
    """Whether the output is as the page has it, ``...`` standing for anything."""
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with a new virtual environment, which borrows this one's packages to spare minutes."""
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    for old in [*site.glob("setuptools*"), *site.glob("*distutils*"), *site.glob("pkg_resources")]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()  # what Python 3.11 brings along is too old to build with
    script = tmp_path / "venv" / "bin" / "regnet"
    script.write_text(f"#!{tmp_path}/venv/bin/python\nimport sys\nfrom regnet.cli import main\nsys.exit(main())\n")
    script.chmod(0o755)
    pytest_script = tmp_path / "venv" / "bin" / "pytest"
    pytest_script.write_text(f"#!{tmp_path}/venv/bin/python\nimport sys\nimport pytest\nsys.exit(pytest.main())\n")
    pytest_script.chmod(0o755)
    # the borrowed build tools serve as well as fresh ones from a package index
    return {**os.environ, "PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}", "PIP_NO_BUILD_ISOLATION": "0", "COLUMNS": "140"}


@pytest.mark.slow
def test_the_page(tmp_path: Path, newcomer: dict[str, str]) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    for block in BLOCK.finditer(PAGE):
        if block["file"]:
            assert (folder / block["file"]).read_text() == block["text"]
        if block["language"] != "console":
            continue
        for command, expected in commands(block["text"]):
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=newcomer, capture_output=True, text=True, check=False)
            assert matches(expected, done.stdout), f"$ {command}\n{done.stdout}\n{done.stderr}"
            assert done.returncode == (1 if "likely cause" in expected else 0), f"$ {command}\n{done.stderr}"


def test_the_hook_reference_is_what_the_code_says() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "hooks"))["reference"]()
    assert (ROOT / "docs" / "hooks.md").read_text() == made


def test_the_hook_reference_has_every_hook() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text()
    hooks = [name for name in vars(hookspecs) if name.startswith("regnet_")]
    assert hooks
    assert all(f"## `{hook}`" in page for hook in hooks)


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [("a ... c", "a b c", True), ("a ... c", "a b d", False), ("", "", True), ("...\nx", "1\n2\nx", True)],
)
def test_comparison(expected: str, got: str, same: bool) -> None:
    assert matches(expected, got) is same
