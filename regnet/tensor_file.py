"""Files of tensors and a description: safetensors with JSON in the header, complete or absent, and checked when they are read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from regnet.encoding import is_utf8
from regnet.errors import DamagedFile
from regnet.files import write_atomically

DESCRIPTION: Final = "regnet"
"""The key in the file's header for everything that is no tensor, as JSON."""
DIGEST: Final = "digest"
"""The key in the file's header for the hash of its content."""


def write_tensor_file(path: Path, version: int, description: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write a file, and its folder if there is none.

    Args:
        path: the file.
        version: the version of the description's format.
        description: everything that is no tensor, as JSON takes it.
        tensors: tensors on any device.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps({"format": version, **description})
    stored = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors.items()}
    digest = _digest(text, stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, save(stored, {DESCRIPTION: text, DIGEST: digest}))


def read_tensor_file(path: Path, version: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the description and all tensors of a file, as arrays.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFile: it is not what was written, or has another version.
    """
    try:
        with _readable(path) as file, safe_open(file, framework="numpy") as opened:
            metadata = opened.metadata() or {}
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  # it has keys, but is no mapping
    except (SafetensorError, ValueError, OverflowError) as error:
        raise DamagedFile(f"{path} is damaged: {error}") from error
    text = metadata.get(DESCRIPTION, "")
    if metadata.get(DIGEST) != _digest(text, arrays):
        raise DamagedFile(f"{path} is damaged: its content is not what regnet wrote")
    description: dict[str, Any] = json.loads(text)
    found = description.pop("format", None)
    if found != version:
        raise DamagedFile(f"{path} has format {found}, expected {version}: use the regnet that wrote it")
    return description, arrays


def _digest(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    """A hash of the description, and of the names, types, shapes and numbers of the arrays."""
    digest = hashlib.blake2b(text.encode(), digest_size=8)
    for name, values in sorted(arrays.items()):
        digest.update(f"{name} {values.dtype} {values.shape} ".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Context manager that gives a path that safetensors can open: it accepts only paths in UTF-8."""
    if is_utf8(os.fsencode(path)):
        yield path
        return
    with path.open("rb") as file:
        yield Path(f"/dev/fd/{file.fileno()}")
