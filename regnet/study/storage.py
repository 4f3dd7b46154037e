"""A study's result on disk, beside Hydra's files, so that results are kept without tracking."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save

from regnet.encoding import is_utf8
from regnet.stats.measure import Measure
from regnet.study.result import StudyResult

RESULT = "result.safetensors"
DESCRIPTION = "regnet"
"""The key in the file's header for everything that is no tensor, as JSON."""
HISTORY = "history/"
WEIGHTS = "weights/"


def save_result(result: StudyResult, folder: Path) -> None:
    """Write the result atomically as one safetensors file.

    Its tensors are ``history/METRIC``, ``(seeds, epochs)`` each, and ``weights/SEED/NAME``; the rest is JSON in its header.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{HISTORY}{metric}": torch.as_tensor(values).contiguous() for metric, values in result.history.items()}
    for net in result.networks:
        tensors |= {f"{WEIGHTS}{net.seed}/{name}": value.contiguous() for name, value in net.weights.items()}
    description = {
        "name": result.name,
        "identity": result.identity,
        "config": result.config,
        "seeds": result.seeds,
        "metrics": list(result.history),
        "together": result.together.tolist(),
        "seconds": result.seconds.tolist(),
        "failures": {str(seed): reason for seed, reason in result.failures.items()},
        "stopped": {str(seed): epoch for seed, epoch in result.stopped.items()},
        "machine": result.machine,
        "measures": {name: measure.as_plain() for name, measure in result.measures.items()},
        "headline": result.headline,
    }
    draft = folder / f"{RESULT}.part"  # written here, because safetensors makes files that only their owner can read
    draft.write_bytes(save(tensors, {DESCRIPTION: json.dumps(description)}))
    draft.replace(folder / RESULT)


def load_result(folder: Path | str) -> StudyResult:
    """Read the result in a job's folder, such as ``outputs/2026-01-31/12-00-00`` or ``multirun/…/3``, without the trained networks.

    Raises:
        FileNotFoundError: the folder has none.
    """
    with _readable(Path(folder) / RESULT) as file, safe_open(file, framework="numpy") as kept:
        description = json.loads(kept.metadata()[DESCRIPTION])
        history = {metric: kept.get_tensor(f"{HISTORY}{metric}") for metric in description["metrics"]}
    return StudyResult(
        name=description["name"],
        identity=description["identity"],
        config=description["config"],
        seeds=tuple(description["seeds"]),
        history=history,
        together=np.array(description["together"]),
        seconds=np.array(description["seconds"]),
        failures={int(seed): reason for seed, reason in description["failures"].items()},
        stopped={int(seed): epoch for seed, epoch in description["stopped"].items()},
        machine=description["machine"],
        measures={name: Measure.from_plain(plain) for name, plain in description["measures"].items()},
        headline=description["headline"],
    )


def load_weights(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    """Read the weights of one seed that `save_result` wrote; empty if there are none."""
    prefix = f"{WEIGHTS}{seed}/"
    with _readable(folder / RESULT) as file, safe_open(file, framework="pt") as kept:
        names = [name for name in kept.keys() if name.startswith(prefix)]  # noqa: SIM118  # safe_open has keys, but is no mapping
        return {name.removeprefix(prefix): kept.get_tensor(name) for name in names}


def find_results(folder: Path) -> Iterator[Path]:
    """Yield the folders at or below a folder that hold a result, in the order of their job numbers."""

    def by_number(path: Path) -> tuple[int, str]:
        return (int(path.name) if path.name.isdigit() else -1, str(path))

    yield from sorted((found.parent for found in folder.rglob(RESULT)), key=by_number)


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Context manager that gives a path that safetensors can open: it accepts only paths in UTF-8."""
    if is_utf8(os.fsencode(path)):
        yield path
        return
    with path.open("rb") as file:
        yield Path(f"/dev/fd/{file.fileno()}")
