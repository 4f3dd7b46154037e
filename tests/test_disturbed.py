"""Small versions of the scripts that kill launches and take their stores away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("script", "count"), [("crash", 1), ("outages", 1)])
def test_no_launch_differs(script: str, count: int) -> None:
    words = [str(ROOT / "scripts" / script), str(count)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
