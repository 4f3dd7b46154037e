"""Sizes are checked before memory is taken, and the message says how to raise a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from regnet.errors import ConfigError
from regnet.registry.limits import check_count, check_files


def test_a_count_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="there would be 1000001, and the limit is 1000000; REGNET_MAX_RUNS=1000001"):
        check_count("seeds", 10**6 + 1)
    monkeypatch.setenv("REGNET_MAX_RUNS", "1000001")
    check_count("seeds", 10**6 + 1)


def test_a_file_larger_than_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    small.write_bytes(b"x")
    with large.open("wb") as file:
        file.truncate(10**13)  # takes no space on the disk
    check_files([small, tmp_path / "missing.csv"])
    with pytest.raises(ConfigError, match=r"large\.csv has 1000000000000. bytes or more, .*REGNET_MAX_BYTES=N"):
        check_files([small, large])
    monkeypatch.setenv("REGNET_MAX_BYTES", str(2 * 10**13))
    check_files([small, large])
