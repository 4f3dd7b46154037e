"""Builds the wheel, installs it in a new environment, and runs it there: the wheel must contain conf/."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".venv", ".cache", ".git", "mlruns", "multirun", "outputs", "build", "*.egg-info")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=ignored)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(folder / "source")]
    subprocess.run(build, check=True, capture_output=True)  # a wheel, built from the source distribution
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_wheel_contains_every_config_file(wheel: Path) -> None:
    wanted = {f"regnet/conf/{path.relative_to(ROOT / 'conf')}" for path in (ROOT / "conf").rglob("*.yaml")}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert wanted <= names
    assert {"regnet/py.typed", "regnet/scaffold/templates/layer.py.txt"} <= names
    assert not any(name.startswith(("tests/", "conf/")) for name in names)


@pytest.mark.slow
def test_wheel_runs_in_a_new_environment(wheel: Path, tmp_path: Path) -> None:
    """The environment has the wheel and, to save time, uses the third-party packages of this one."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (Path(own) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    where = subprocess.run(
        [python, "-c", "import regnet; print(regnet.__file__)"], cwd=folder, check=True, capture_output=True, text=True
    )
    assert where.stdout.startswith(own)
    command = [tmp_path / "venv" / "bin" / "regnet", "run", "experiment=figures", "epochs=1", "tracking=none"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(folder.glob("outputs/*/*/report/figure2_data.png"))


def test_pinned_versions_install_on_the_oldest_python() -> None:
    """`scripts/setup` accepts any Python from 3.11.0 on, so no pinned version may require a newer one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert len(pins) > 100
    asked = {pin.name: metadata(pin.name).get("Requires-Python") for pin in pins}
    assert [name for name, python in asked.items() if python and not SpecifierSet(python).contains(oldest)] == []
