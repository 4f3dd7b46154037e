"""Runs every command of the documentation, each page in an empty folder, and compares the outputs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.docs.page import Step, console_blocks, matches, steps

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
QUICK = "install.md"
"""The page that is tested by default."""
LONG = {"sweep.md", "resume.md", "compare.md"}
"""The pages that take more than a minute."""
WITH_PIP = "write-a-plugin.md"
"""The page that installs a package."""
LIMIT = 200
"""The time limit of a command in seconds."""
pytestmark = pytest.mark.timeout(5 * LIMIT)


@pytest.fixture
def reader() -> dict[str, str]:
    """The environment variables of a reader who has regnet installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "REGNET_", "PYTEST_"))}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}


@pytest.fixture
def newcomer(tmp_path: Path, reader: dict[str, str]) -> dict[str, str]:
    """The environment variables with a new virtual environment, which uses the packages of this one to save time."""
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    for old in [*site.glob("setuptools*"), *site.glob("*distutils*"), *site.glob("pkg_resources")]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()  # the versions of Python 3.11 are too old for the build
    for name, module in (("regnet", "regnet.cli"), ("pytest", "pytest")):
        script = tmp_path / "venv" / "bin" / name
        script.write_text(f"#!{tmp_path}/venv/bin/python\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        script.chmod(0o755)
    # use the installed build tools instead of a package index
    return reader | {"PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}", "PIP_NO_BUILD_ISOLATION": "0"}


def execute(step: Step, folder: Path, environment: dict[str, str]) -> None:
    """Executes a step, and fails if the result differs from the page."""
    path = folder / step.what
    if step.kind == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")
    elif step.kind == "compare":
        assert path.read_text(encoding="utf-8") == step.text
    else:
        run(step, folder, environment)


def run(step: Step, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", step.what], cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=LIMIT
    )
    printed = done.stdout + (done.stderr if done.returncode else "")
    assert matches(step.text, printed), f"$ {step.what}\n{printed}\n{done.stderr}"
    expected = (
        step.code if step.code is not None else 2 if step.text.startswith("regnet: ") else 1 if "likely cause" in step.text else 0
    )
    assert done.returncode == expected, f"$ {step.what}\n{done.stderr}"


def follow(page: Path, folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir()
    for step in steps(page.read_text(encoding="utf-8")):
        execute(step, folder, environment)


PAGES = [page for page in console_blocks(DOCS) if page.name != WITH_PIP]


def marks(page: Path) -> list[pytest.MarkDecorator]:
    """How long the page takes."""
    return [] if page.name == QUICK else [pytest.mark.long] if page.name in LONG else [pytest.mark.slow]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem, marks=marks(page)) for page in PAGES])
def test_page(page: Path, tmp_path: Path, reader: dict[str, str]) -> None:
    follow(page, tmp_path / "empty", reader)


@pytest.mark.long
def test_page_that_installs_a_plugin(tmp_path: Path, newcomer: dict[str, str]) -> None:
    follow(DOCS / "how-to" / WITH_PIP, tmp_path / "empty", newcomer)


@pytest.mark.slow
def test_commands_in_the_readme(tmp_path: Path, reader: dict[str, str]) -> None:
    """The README shows commands without their output: each must succeed, in order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [step.what for step in steps(readme) if step.what.startswith("regnet ")]
    assert len(commands) == 4
    for command in commands:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, env=reader, capture_output=True, check=True, timeout=LIMIT)


def test_no_page_installs_regnet_from_a_registry() -> None:
    for document in [ROOT / "README.md", *DOCS.rglob("*.md"), *ROOT.glob("plugins/*/README.md")]:
        assert not re.search(r"pip install (?:-\S+ )*regnet(?!-softsquare)", document.read_text(encoding="utf-8")), document


def test_blocks_that_are_not_run_have_a_reason() -> None:
    for page in console_blocks(DOCS):
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("<!-- not run"):
                assert len(line.removeprefix("<!-- not run:").removesuffix("-->").split()) > 1, page


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a ... c", "a b c", True),
        ("a ... c", "a b d", False),
        ("", "", True),
        ("", "a", False),
        ("...\nx", "1\n2\nx", True),
        ("x\n...", "x", True),
        ("error 2.60 %", "error 2.61 %", True),
        ("error 2.60 %", "error 3.60 %", False),
        ("better than 1 of 2", "better than 0 of 2", False),
        ("took 0.388 s", "took 12.5 s", True),
        ("took 0.388 s", "takes 0.388 s", False),
        ("to outputs/2026-11-26/16-56-17/report", "to outputs/2027-01-01/00-00-00/report", True),
        ("┏━━━┓\n│ a │", "┏━━━━━┓  \n│ a   │", True),
        ("│ a │", "│ b │", False),
    ],
)
def test_comparison_of_outputs(expected: str, got: str, same: bool) -> None:
    assert matches(expected, got) is same


def test_steps_of_a_page() -> None:
    page = "<!-- write: a/b.txt -->\n```text\nx\n```\n```console\n$ cat a/b.txt  # why\nx\n$ true\n```\n"
    page += "<!-- not run: slow -->\n```console\n$ no\n```\n"
    assert list(steps(page)) == [Step("write", "a/b.txt", "x\n"), Step("run", "cat a/b.txt", "x\n"), Step("run", "true", "")]
