"""Fixtures with a browser, a trained sweep in a store, and the server that `regnet ui` starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from tests.servers import start_ui

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SWEEP = [
    "optimizer.lr=0.001,0.003,0.01",
    "seeds=6",
    "epochs=25",
    "report=figures",
    "dataset.train_size=400",
    "dataset.test_size=400",
]
SCREENSHOTS = os.environ.get("REGNET_SCREENSHOTS")
"""The environment variable with the folder for the screenshots in the README."""
QUIET = {"mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true", "mlflow.assistant.panelOpen_v1": "false"}
"""Local storage of a browser in which MLflow's assistant has been closed."""

REGNET = [sys.executable, "-m", "regnet"]


@dataclass
class Shown:
    """The output of `regnet ui`, and the store that it shows."""

    links: dict[str, str]
    """The printed links, by their text."""
    base: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.folder}/mlflow.db")


Open = Callable[[str], Any]
"""Opens an address in a new page."""
Keep = Callable[..., None]
"""Takes a screenshot of a page under a name, without the given elements, if the variable is set."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: scripts/browser installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def shown(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A sweep whose store `regnet ui` serves; ended with Ctrl-C."""
    folder = tmp_path_factory.mktemp("shown")
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    subprocess.run([*REGNET, "run", "-m", *SWEEP], cwd=folder, env=environment, check=True, capture_output=True)
    process = start_ui(folder)
    try:
        links = dict(_links(process))
        yield Shown(links, next(iter(links.values())).partition("#")[0], folder, process)
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    context = browser.new_context(viewport={"width": 1400, "height": 800})
    context.add_init_script("".join(f"localStorage.setItem({key!r}, {value!r});" for key, value in QUIET.items()))
    context.set_default_timeout(30_000)

    def open_page(address: str) -> Any:
        page = context.new_page()
        page.goto(address, wait_until="domcontentloaded")
        return page

    yield open_page
    context.close()


@pytest.fixture
def keep() -> Keep:
    def take(page: Any, name: str, *left_out: Any) -> None:
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", mask=list(left_out), mask_color="white")

    return take


def _links(process: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        words, _, address = line.strip().partition(": ")
        if address.startswith("http"):
            yield words, address
        if line.startswith("Ctrl-C"):
            return
    pytest.fail("".join(said))
