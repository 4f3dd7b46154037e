"""Fixtures: a file to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.table.files import MakeFile


@pytest.fixture
def file(tmp_path: Path) -> MakeFile:
    def write(file_name: str = "data.csv", **columns: Any) -> str:
        frame, path = pd.DataFrame(columns), tmp_path / file_name
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        return str(path)

    return write
