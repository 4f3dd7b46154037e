"""`regnet.run` within other programs: a Hydra application, threads, an event loop (hydra#3364, hydra#649)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hydra
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

import regnet
from tests.conftest import clear_hydra

SMALL = ["epochs=1", "dataset.train_size=40", "dataset.test_size=30", "tracking=none"]

APP = """
import hydra
import regnet
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.2", config_path=None)
def main(config):
    result = regnet.run({small} + ["seeds=2", "optimizer=adam"])
    print(result.seeds, result.config["optimizer"]["name"], HydraConfig.get().job.name, hydra.version.getbase(), config)

main()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clear_hydra()


@pytest.mark.slow
def test_in_a_hydra_application(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.format(small=SMALL))
    done = subprocess.run([sys.executable, "app.py", "+a=1"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "(0, 1) adam app 1.2 {'a': 1}\n", done.stderr


def test_within_initialize(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("a: 1\n")
    with initialize_config_dir(str(tmp_path), version_base="1.2"):
        before = GlobalHydra.instance().hydra
        assert regnet.run(SMALL).seeds == (0,)
        assert GlobalHydra.instance().hydra is before
        assert hydra.version.getbase() is not None
        assert str(hydra.version.getbase()) == "1.2"
        assert compose("mine") == {"a": 1}


@pytest.mark.slow
def test_in_threads() -> None:
    def run(number: int) -> list[float]:
        return list(regnet.run([*SMALL, f"seed={number}", "seeds=3"]).history["test/error_rate"][:, -1])

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(0, 40, 10)))
    assert together == [run(number) for number in range(0, 40, 10)]


def test_in_an_event_loop() -> None:
    async def main() -> tuple[int, ...]:
        return regnet.run(SMALL).seeds

    assert asyncio.run(main()) == (0,)


def test_a_working_directory_that_was_removed(tmp_path: Path) -> None:
    """Without one, MKL ends the process with a message of its own."""
    script = "import os, sys; os.rmdir(sys.argv[1]); import regnet; regnet.run(['tracking=none'])"
    words = [sys.executable, "-c", script, str(tmp_path / "gone")]
    (tmp_path / "gone").mkdir()
    done = subprocess.run(words, cwd=tmp_path / "gone", capture_output=True, encoding="utf-8", check=False)
    assert done.stderr.splitlines()[-1].endswith("the working directory does not exist any more: change to another one")
