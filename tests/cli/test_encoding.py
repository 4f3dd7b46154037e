"""The commands in terminals and locales with few characters."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from regnet.config.compose import compose_config
from regnet.errors import ConfigError
from regnet.registry.catalog import Catalog
from regnet.study.storage import find_results, load_result

ASCII = {"PYTHONIOENCODING": "ascii"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SMALL = ("tracking=none", "epochs=1", "dataset.train_size=20", "dataset.test_size=20")
VARIABLES = {"MLFLOW_TRACKING_URI", *ASCII, *C_LOCALE}


def regnet(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    env = {key: value for key, value in os.environ.items() if key not in VARIABLES} | environment
    return subprocess.run(
        [sys.executable, "-m", "regnet", *words], cwd=folder, capture_output=True, env=env, check=False, timeout=120
    )


def table(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith(("|", "+"))]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    """A folder with a launch that was started in ASCII, and its output."""
    folder = tmp_path_factory.mktemp("ascii")
    words = ("seeds=3", "epochs=2", "dataset.train_size=40", "dataset.test_size=30", 'study="Größe × 2"')
    return folder, regnet(folder, ASCII, "run", *words)


@pytest.mark.slow
def test_run_in_ascii_succeeds(launched: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    folder, done = launched
    assert (done.returncode, done.stderr) == (0, b"")
    lines = table(done.stdout.decode("ascii"))
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert "mean +- std" in lines[1]
    assert lines[3].startswith("| Grosse x 2 ")
    assert "% +- " in lines[3]
    (job,) = find_results(folder)
    assert load_result(job).name == "Größe × 2"
    with closing(sqlite3.connect(folder / "mlflow.db")) as store:
        finished = store.execute("select name from runs where status = 'FINISHED'").fetchall()
    assert sorted(name for (name,) in finished) == [
        "Größe × 2 · seed 0",
        "Größe × 2 · seed 1",
        "Größe × 2 · seed 2",
        "Größe × 2 · summary",
    ]


@pytest.mark.slow
def test_compare_in_latin_1_keeps_its_characters(launched: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    done = regnet(launched[0], LATIN, "compare", "Größe × 2")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = table(done.stdout.decode("latin-1"))
    assert len({len(line) for line in lines}) == 1
    assert "mean ± std" in lines[1]
    assert lines[3].startswith("| Größe × 2 ")
    assert lines[3].endswith(" - |")  # a dash


@pytest.mark.slow
def test_file_and_study_names_in_the_c_locale(tmp_path: Path) -> None:
    folder = tmp_path / "é"
    folder.mkdir()
    done = regnet(folder, C_LOCALE, "run", "hydra.run.dir='ü'", "study='héé'", *SMALL)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "| hee " in done.stdout.decode("ascii")
    assert load_result(folder / "ü").name == "héé"
    assert "héé" in (folder / "ü" / "report" / "table.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_user_error_in_ascii(tmp_path: Path) -> None:
    done = regnet(tmp_path, C_LOCALE, "plugins", "check", "softmäx")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"regnet: no component is called 'softmax': see regnet plugins list\n"


def test_value_that_hydra_cannot_parse_needs_quotes(catalog: Catalog) -> None:
    with pytest.raises(
        ConfigError, match=r"'é' at character 8 cannot be read; .* quote it for Hydra and for the shell: 'study=\"héé\"'"
    ):
        compose_config(["study=héé"], catalog)
    assert compose_config(['study="héé"'], catalog)["study"] == "héé"


@pytest.mark.slow
def test_log_file_is_utf8_in_every_locale(tmp_path: Path) -> None:
    code = (
        "import logging, sys\nimport regnet.launcher.task as launch\ntrain = launch.run_study\n"
        "def logged(*words, **options):\n logging.getLogger('me').info('\\xb1\\u2026')\n return train(*words, **options)\n"
        "launch.run_study = logged\nfrom regnet.cli import main\n"
        f"sys.exit(main(['run', 'hydra.run.dir=here', *{SMALL!r}]))"
    )
    env = os.environ | C_LOCALE
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, env=env, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "[INFO] - +-..." in done.stdout.decode("ascii")
    assert (tmp_path / "here" / "regnet.log").read_text(encoding="utf-8").endswith("[INFO] - ±…\n")
