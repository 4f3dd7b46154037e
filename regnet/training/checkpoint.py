"""Checkpoints: the state of a program in training, from which another process continues with the same numbers to the last bit."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from regnet.errors import DamagedFile
from regnet.tensor_file import read_tensor_file, write_tensor_file

FORMAT: Final = 1
"""The version of the file format."""
NAME: Final = "checkpoint-{key}-{epoch}.safetensors"
LATEST: Final = 2
"""The number of the latest checkpoints that are kept, besides the best: the last one may be damaged."""
SHARE: Final = 0.02
"""The largest share of the time that writing checkpoints may take, if they are written after some seconds."""

log = logging.getLogger("regnet")


@dataclass(frozen=True)
class CheckpointPlace:
    """Where and when the checkpoints of a program are written."""

    folder: Path
    key: str
    """Identifies the program among those with checkpoints in the folder."""
    epochs: int | None = None
    """The number of epochs between two checkpoints."""
    seconds: float | None = None
    """The number of seconds between two checkpoints."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a program after an epoch."""

    path: Path
    epoch: int
    state: Any
    """Dicts and lists of tensors and plain values."""
    score: float | None
    """How good the networks were, larger is better; None if this is not known."""


class Checkpoints:
    """The checkpoints of one program.

    Args:
        place: where and when to write them; with None there are none.
    """

    def __init__(self, place: CheckpointPlace | None) -> None:
        self._place = place
        self._scores: dict[int, float | None] = {}
        """The score of each checkpoint that is kept, by its epoch."""
        self._written = time.monotonic()
        self._pause = 0.0
        """The least time until the next checkpoint, in seconds."""

    def newest_first(self) -> Iterator[Checkpoint]:
        """Yield what earlier processes wrote, the newest first. A file that cannot be used is named, and ignored."""
        for path in self._paths():
            try:
                found = _read(path)
            except (DamagedFile, OSError) as error:
                log.warning("regnet: %s; an older checkpoint is used, or its runs start over", error)
                continue
            self._scores[found.epoch] = found.score
            yield found

    def due(self, epoch: int) -> bool:
        """Return whether it is time for a checkpoint after this epoch."""
        if self._place is None:
            return False
        if self._place.epochs is not None and epoch % self._place.epochs == 0:
            return True
        waited = time.monotonic() - self._written
        return self._place.seconds is not None and waited >= max(self._place.seconds, self._pause)

    def write(self, epoch: int, state: Any, score: float | None = None) -> None:
        """Write a checkpoint, and remove those that are neither among the latest nor the best; a full disk is reported."""
        if self._place is None:
            return
        start = time.monotonic()
        plain, tensors = flatten_state(state)
        description = {"key": self._place.key, "epoch": epoch, "score": score, "state": plain}
        path = self._place.folder / NAME.format(key=self._place.key, epoch=epoch)
        try:
            write_tensor_file(path, FORMAT, description, tensors)
        except OSError as error:
            log.warning("regnet: no checkpoint can be written to %s: %s", path.parent, error.strerror or error)
        else:
            self._scores[epoch] = score
            self._remove(self._superseded())
        self._written = time.monotonic()
        self._pause = (self._written - start) / SHARE

    def remove(self) -> None:
        """Remove all checkpoints of the program, which is finished."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _superseded(self) -> list[int]:
        """The epochs of the checkpoints that need not be kept."""
        scored = {epoch: score for epoch, score in self._scores.items() if score is not None}
        best = max(scored, key=lambda epoch: (scored[epoch], epoch), default=None)
        return [epoch for epoch in sorted(self._scores)[:-LATEST] if epoch != best]

    def _remove(self, epochs: Sequence[int]) -> None:
        assert self._place is not None
        for epoch in epochs:
            (self._place.folder / NAME.format(key=self._place.key, epoch=epoch)).unlink(missing_ok=True)
            del self._scores[epoch]

    def _paths(self) -> list[Path]:
        """The files of the program's checkpoints, the newest first."""
        if self._place is None:
            return []
        found = self._place.folder.glob(NAME.format(key=self._place.key, epoch="*"))
        return sorted(found, key=_epoch_of, reverse=True)


def program_key(parts: Sequence[tuple[str, Sequence[int]]], *, replica_axis: bool) -> str:
    """Return what identifies a program in the names of its checkpoints.

    Args:
        parts: the identities of its studies, each with its seeds.
        replica_axis: whether the program has a replica axis.
    """
    text = json.dumps([[identity, list(seeds)] for identity, seeds in parts] + [replica_axis])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def find_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of all programs in a folder."""
    return sorted(folder.glob(NAME.format(key="*", epoch="*")))


def flatten_state(state: Any) -> tuple[Any, dict[str, Tensor]]:
    """Split a state into what JSON can hold, and the tensors and arrays, by number."""
    tensors: dict[str, Tensor] = {}

    def flat(value: Any) -> Any:
        if isinstance(value, (Tensor, np.ndarray)):
            name = str(len(tensors))
            tensors[name] = torch.as_tensor(value).clone()  # tensors that share memory cannot be stored
            return {"tensor": name}
        if isinstance(value, Mapping):
            return {"items": [[key, flat(item)] for key, item in value.items()]}
        if isinstance(value, (list, tuple)):
            return [flat(item) for item in value]
        return value

    return flat(state), tensors


def unflatten_state(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Return the state that `flatten_state` split; its arrays are tensors, and its tuples are lists."""
    if isinstance(plain, list):
        return [unflatten_state(item, tensors) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if "tensor" in plain:
        return tensors[plain["tensor"]]
    return {key: unflatten_state(item, tensors) for key, item in plain["items"]}


def _read(path: Path) -> Checkpoint:
    description, arrays = read_tensor_file(path, FORMAT)
    if path.name != NAME.format(key=description["key"], epoch=description["epoch"]):
        raise DamagedFile(f"{path} is the checkpoint of another program or epoch")
    tensors = {name: torch.from_numpy(values) for name, values in arrays.items()}
    return Checkpoint(path, description["epoch"], unflatten_state(description["state"], tensors), description["score"])


def _epoch_of(path: Path) -> int:
    epoch = path.stem.rpartition("-")[2]
    return int(epoch) if epoch.isdigit() else -1
