"""A launch that was killed is continued when its writing process has written what it received."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from regnet.launch_folder import owner
from regnet.launch_folder.owner import WRITER, Owner, forget_writer, owned, record_writer, wait_for_writer

KILLED = Owner(Owner.this().host, 2**22 + 1, 1.0)


@pytest.fixture
def writer() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_the_writer_of_a_killed_owner_is_waited_for(
    tmp_path: Path, writer: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It counts as ended also while nobody has read its exit code."""
    (tmp_path / WRITER.format(1)).write_text(json.dumps([KILLED.to_json(), Owner.of(writer.pid).to_json()]))
    monkeypatch.setattr(owner, "NOTICE", 0.0)
    entered = threading.Event()

    def own() -> None:
        with owned(tmp_path):
            entered.set()

    thread = threading.Thread(target=own)
    thread.start()
    try:
        assert not entered.wait(0.5)
    finally:
        writer.kill()
    assert entered.wait(30)
    thread.join()
    writer.wait()
    assert caplog.messages == [
        f"regnet: process {writer.pid} on {KILLED.host} still writes the runs of the killed launch in {tmp_path}; waiting for it"
    ]


@pytest.mark.parametrize("content", ["", "[]", "{}", "[1, 2]", '["{}", "{}"]'])
def test_nothing_else_is_waited_for(tmp_path: Path, writer: subprocess.Popen[bytes], content: str) -> None:
    """The own writing process, one that has ended and a file that is cut off."""
    start = time.monotonic()
    record_writer(tmp_path, writer.pid)
    wait_for_writer(tmp_path)
    (tmp_path / WRITER.format(1)).write_text(json.dumps([KILLED.to_json(), KILLED.to_json()]))
    wait_for_writer(tmp_path)
    (tmp_path / WRITER.format(1)).write_text(content)
    wait_for_writer(tmp_path)
    forget_writer(tmp_path)
    wait_for_writer(tmp_path)
    writer.kill()
    writer.wait()
    assert time.monotonic() - start < owner.PATIENCE / 2
