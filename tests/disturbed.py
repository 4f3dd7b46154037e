"""Launches that are disturbed: what the scripts that kill launches and cut off their stores share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.same_launch import Store, assert_same_results, assert_same_runs

REGNET = [str(Path(sys.executable).parent / "regnet")]
SMALL = ["dataset.train_size=40", "dataset.test_size=30", "checkpoint_epochs=50"]
LAUNCHES = {
    "solo": ["-m", "optimizer.lr=0.01,0.02", "seeds=4", "replicas=solo", "epochs=400", *SMALL],
    "lockstep": ["-m", "hydra/launcher=lockstep", "optimizer.lr=0.01,0.02", "seeds=6", "epochs=600", *SMALL],
    "workers": ["seeds=80", "epochs=800", "workers=2", "dataset.train_size=400", *SMALL[1:]],
}
"""The words of `regnet run`, without the folder."""
PART = {"writing process": "write.writer", "worker": "training.worker:"}
ATTEMPTS = 8
SECONDS = 180.0
"""The limit of one command, against hanging."""
STRAY = ("slice-", "owner", "unsynced", "checkpoint-", "stopped", "failure")


def words_of(kind: str) -> list[str]:
    """The words of `regnet run`, in the folder ``here``."""
    return [*LAUNCHES[kind], f"hydra.{'sweep' if '-m' in LAUNCHES[kind] else 'run'}.dir=here"]


def start(folder: Path, *words: str, uri: str | None = None) -> subprocess.Popen[bytes]:
    """A running command, in a folder of its own and a session of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    environment |= {"MLFLOW_TRACKING_URI": uri} if uri else {}
    with (folder / "log").open("ab") as log:
        log.write(f"$ regnet {' '.join(words)}\n".encode())
        log.flush()
        return subprocess.Popen([*REGNET, *words], cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)


def run(folder: Path, *words: str, uri: str | None = None) -> int:
    """The exit code of a command."""
    return start(folder, *words, uri=uri).wait(SECONDS)


def targets(process: subprocess.Popen[bytes]) -> dict[str, list[psutil.Process]]:
    """The processes of a launch that can get a signal now, by what they are; of the workers, the first."""
    try:
        root = psutil.Process(process.pid)
        if root.status() == psutil.STATUS_ZOMBIE:
            return {}
        family = root.children(recursive=True)
        parts = {part: [each for each in family if PART[part] in " ".join(each.cmdline())][:1] for part in PART}
    except psutil.NoSuchProcess:
        return {}
    return {part: found for part, found in ({"command": [root], "all": [root, *family]} | parts).items() if found}


def disturb(chosen: Sequence[psutil.Process], number: signal.Signals) -> bool:
    """Sends a signal to a part of a launch; returns whether all of it was there to get it."""
    try:
        for each in chosen:
            each.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def complete(folder: Path, words: Sequence[str], uri: str | None = None) -> None:
    """Resumes a launch until nothing is missing, and writes what its store misses."""
    for _ in range(ATTEMPTS):
        wait_until_alone(folder)
        if not (folder / "here" / "plan.jsonl").exists():
            run(folder, "run", *words, uri=uri)
        elif run(folder, "status", "here", uri=uri) == 0 and not (folder / "here" / "owner.json").exists():
            break
        else:
            run(folder, "resume", "here", uri=uri)
    for _ in range(ATTEMPTS):
        if run(folder, "sync", "here", uri=uri) == 0:
            return
        time.sleep(1)


def wait_until_alone(folder: Path) -> None:
    """Waits until no process runs in a folder."""
    end = time.monotonic() + SECONDS
    while left(folder):
        assert time.monotonic() < end, f"processes are left: {left(folder)}"
        time.sleep(0.05)


def left(folder: Path) -> list[psutil.Process]:
    """The processes that run in a folder."""
    found = []
    for each in psutil.process_iter():
        try:
            if each.status() != psutil.STATUS_ZOMBIE and each.cwd() == str(folder):
                found.append(each)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass
    return found


def check(folder: Path, undisturbed: Path, store: Store | None = None) -> None:
    """Raises AssertionError if a launch differs from the undisturbed one."""
    wait_until_alone(folder)
    assert_same_results(folder, undisturbed)
    assert_same_runs(store or Store.file(folder / "mlflow.db"), Store.file(undisturbed / "mlflow.db"))
    stray = [path for path in (folder / "here").rglob("*") if path.suffix == ".part" or path.name.startswith(STRAY)]
    assert not stray, f"files are left: {stray}"
