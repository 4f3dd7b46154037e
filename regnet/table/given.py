"""Examples that a program holds, kept as a file: the training processes read it, a launch resumes from it, and it is hashed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sized
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import torch

from regnet.files import write_atomically
from regnet.table.errors import TableError
from regnet.table.reading import from_frame

FOLDER = Path("outputs", "data")
"""The folder below the working directory with the files, each called by its hash."""
TARGET = "target"
"""The column of the targets that were given beside the inputs."""


def keep(data: Any, target: str | None) -> dict[str, Any]:
    """Write examples into a file, unless it is there, and return the options of the data set `table` that read it.

    Args:
        data: a frame; a pair of inputs ``(N, F)`` and class numbers or values ``(N,)``, as arrays, tensors or lists; or a torch
            data set of such pairs.
        target: the column of a frame to predict.

    Raises:
        TableError: the data are none of these, or do not fit each other.
    """
    options: dict[str, Any] = {"name": "table"}
    if isinstance(data, pd.DataFrame):
        if target is None:
            raise TableError(f"target names the column to predict: one of {', '.join(map(str, data.columns[:20]))}")
        frame, options["target"] = data, target
    elif target is not None:
        raise TableError("target names a column of a frame, and the data are none: give inputs and targets as a pair")
    else:
        x, y = _pair(data)
        names = [f"x{number}" for number in range(1, x.shape[1] + 1)]
        frame = pd.DataFrame(x, columns=names).assign(**{TARGET: y})
        options |= {"target": TARGET, "features": names}
        options["task"] = "regression" if y.dtype.kind == "f" else "classification"
    return options | {"path": str(_write(frame))}


def _pair(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """Inputs ``(N, F)`` and targets ``(N,)``."""
    if isinstance(data, torch.utils.data.Dataset):
        if not isinstance(data, Sized):
            raise TableError(f"the torch data set {type(data).__name__} has no length: give one that can be indexed")
        pairs = [data[index] for index in range(len(data))]
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise TableError(f"the torch data set {type(data).__name__} must give pairs of an input and a target")
        data = (np.stack([np.asarray(x).reshape(-1) for x, _ in pairs]), np.array([np.asarray(y).item() for _, y in pairs]))
    if not isinstance(data, tuple) or len(data) != 2:
        raise TableError(f"data takes a frame, a pair (x, y) or a torch data set, got {type(data).__name__}")
    x, y = np.asarray(data[0]), np.asarray(data[1])
    if x.ndim == 1:
        x = x[:, np.newaxis]
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y):
        raise TableError(f"inputs are (N, F) and targets (N,), got shapes {x.shape} and {y.shape}")
    if x.dtype.kind not in "fiub":
        raise TableError(f"inputs are numbers, got {x.dtype}: give a frame for columns of words")
    return x.astype(float), y


def _write(frame: pd.DataFrame) -> Path:
    """Write a frame into a file that is called by the hash of its content."""
    content = from_frame(frame, "the frame")
    table = pa.table(dict(content.columns))
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer)
    path = FOLDER / f"{hashlib.blake2b(buffer.getvalue(), digest_size=6).hexdigest()}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, buffer.getvalue())
    return path
