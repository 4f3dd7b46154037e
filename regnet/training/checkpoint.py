"""Checkpoints: the state of a program in training, from which another process continues with the same numbers to the last bit."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

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


Runs: TypeAlias = Sequence[tuple[str, Sequence[int]]]
"""The identities of some studies, each with some seeds."""


@dataclass(frozen=True)
class CheckpointRule:
    """Where and when checkpoints are written."""

    folder: Path
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
        rule: where and when to write them; with None there are none.
        runs: the program's runs.
        replica_axis: whether it has a replica axis.
    """

    def __init__(self, rule: CheckpointRule | None, runs: Runs = (), *, replica_axis: bool = False) -> None:
        self._rule = rule
        self._runs = [[study, list(seeds)] for study, seeds in runs]
        self._key = hashlib.blake2b(json.dumps([*self._runs, replica_axis]).encode(), digest_size=6).hexdigest()
        """Identifies the program among those with checkpoints in the folder."""
        self._scores: dict[int, float | None] = {}
        """The score of each checkpoint that is kept, by its epoch."""
        self._failed = False
        """Whether a checkpoint could not be written, which was reported."""
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
        if self._rule is None:
            return False
        if self._rule.epochs is not None and epoch % self._rule.epochs == 0:
            return True
        waited = time.monotonic() - self._written
        return self._rule.seconds is not None and waited >= max(self._rule.seconds, self._pause)

    def write(self, epoch: int, state: Any, score: float | None = None) -> None:
        """Write a checkpoint, and remove those that are neither among the latest nor the best; a full disk is reported."""
        if self._rule is None:
            return
        start = time.monotonic()
        plain, tensors = flatten_state(state)
        description = {"key": self._key, "runs": self._runs, "epoch": epoch, "score": score, "state": plain}
        path = self._path(epoch)
        try:
            write_tensor_file(path, FORMAT, description, tensors)
        except OSError as error:
            if not self._failed:
                log.warning("regnet: no checkpoint can be written to %s: %s", path.parent, error.strerror or error)
            self._failed = True
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
        for epoch in epochs:
            self._path(epoch).unlink(missing_ok=True)
            del self._scores[epoch]

    def _paths(self) -> list[Path]:
        """The files of the program's checkpoints, the newest first."""
        if self._rule is None:
            return []
        return sorted(self._rule.folder.glob(NAME.format(key=self._key, epoch="*")), key=_epoch_of, reverse=True)

    def _path(self, epoch: int) -> Path:
        assert self._rule is not None
        return self._rule.folder / NAME.format(key=self._key, epoch=epoch)


@dataclass(frozen=True)
class Outline:
    """What a checkpoint says about itself."""

    key: str
    """Identifies the program."""
    epoch: int
    runs: frozenset[tuple[str, int]]
    """The study and the seed of each run."""


def outline(path: Path) -> Outline:
    """Read what a checkpoint says about itself.

    Raises:
        DamagedFile: it is not what was written.
        OSError: it cannot be read.
    """
    description, _ = read_tensor_file(path, FORMAT)
    runs = ((study, seed) for study, seeds in description["runs"] for seed in seeds)
    return Outline(description["key"], description["epoch"], frozenset(runs))


def trained_epochs(folder: Path) -> dict[tuple[str, int], int]:
    """Return after which epoch training will continue, by study and seed, as the checkpoints in a folder say."""
    epochs: dict[tuple[str, int], int] = {}
    for path in find_checkpoints(folder):
        with suppress(DamagedFile, OSError):
            found = outline(path)
            epochs |= {run: max(found.epoch, epochs.get(run, 0)) for run in found.runs}
    return epochs


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
