"""A study's result on disk, beside Hydra's own files: nothing is lost where nothing is tracked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from regnet.results import StudyResult

RESULT = "result.json"
HISTORY = "history.npz"
WEIGHTS = "weights.safetensors"


def save_result(result: StudyResult, folder: Path) -> None:
    """Writes the result as JSON, the history as a NumPy archive and all weights as one safetensors file, ``SEED/NAME`` each."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / HISTORY, **result.history)  # type: ignore[arg-type]
    weights = {f"{net.seed}/{name}": value.contiguous() for net in result.networks for name, value in net.weights.items()}
    save_file(weights, folder / WEIGHTS)
    description = {
        "name": result.name,
        "identity": result.identity,
        "config": result.config,
        "seeds": result.seeds,
        "together": result.together.tolist(),
        "seconds": result.seconds.tolist(),
        "failures": {str(seed): reason for seed, reason in result.failures.items()},
        "stopped": {str(seed): epoch for seed, epoch in result.stopped.items()},
        "machine": result.machine,
    }
    (folder / RESULT).write_text(json.dumps(description, indent=1) + "\n")


def load_result(folder: Path) -> StudyResult:
    """Reads what `save_result` wrote, without the trained networks."""
    description = json.loads((folder / RESULT).read_text())
    with np.load(folder / HISTORY, allow_pickle=False) as archive:
        history = dict(archive)
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
    )


def find_results(folder: Path) -> Iterator[Path]:
    """The folders at or below one that hold a result, in the order of their job numbers."""

    def by_number(path: Path) -> tuple[int, str]:
        return (int(path.name) if path.name.isdigit() else -1, str(path))

    yield from sorted((found.parent for found in folder.rglob(RESULT)), key=by_number)
