"""The results of a study on disk: one safetensors file with the histories and the weights of all its seeds, or of some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from regnet.data.prepare import Data, Examples
from regnet.data.schema import fill_of, plain_schema, read_schema, with_fill
from regnet.data.targets import Targets
from regnet.network.sequential import Sequential
from regnet.stats.measure import Measure
from regnet.study.population import Population
from regnet.study.result import StudyResult, TrainedNetwork
from regnet.tensor_file import read_tensor_file, write_tensor_file

RESULT: Final = "result.safetensors"
FORMAT: Final = 1
"""The version of the file format."""
HISTORY, WEIGHTS, DATA = "history/", "weights/", "data/"
FILL: Final = "fill"
"""What replaces missing values, ``(N, F)``; present if the networks have a schema."""
EXAMPLES: Final = 3
"""The number of training inputs of each seed that are saved, as examples of what a network takes."""


def save_result(result: StudyResult, folder: Path) -> None:
    """Write the result atomically into a job's folder: see `write_result`."""
    write_result(result, folder / RESULT)


def write_result(result: StudyResult, path: Path) -> None:
    """Write the result, or a part of one, atomically as a safetensors file.

    Its tensors are ``history/METRIC``, ``(R, E)``; ``weights/NAME``, ``(N, ...)``, of the N seeds that have a network; and how the
    data of these seeds are scaled, ``data/…``. The rest is JSON in its header.

    Raises:
        OSError: it cannot be written.
    """
    tensors = {f"{HISTORY}{metric}": torch.as_tensor(values) for metric, values in result.history.items()}
    tensors |= _network_tensors(result.networks)
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
        "unlearned": {str(seed): reason for seed, reason in result.unlearned.items()},
        "machine": result.machine,
        "measures": {name: measure.as_plain() for name, measure in result.measures.items()},
        "headline": result.headline,
        "replicas": result.replicas,
        "origins": result.origins,
        "content": result.content,
        "notes": result.notes,
        "automatic": result.automatic,
        "population": result.population and result.population.as_plain(),
        "networks": [network.seed for network in result.networks],
        "targets": _describe_targets(result.networks),
        "schema": plain_schema(result.networks[0].data.schema) if result.networks else None,
    }
    write_tensor_file(path, FORMAT, description, tensors)


def load_result(folder: Path | str) -> StudyResult:
    """Read the result in a job's folder, such as ``outputs/2026-01-31/12-00-00`` or ``multirun/…/3``, without the trained networks.

    Raises:
        FileNotFoundError: the folder has none.
        DamagedFile: the file is not what was written.
    """
    return read_result(Path(folder) / RESULT)


def read_result(path: Path, network: Sequential | None = None) -> StudyResult:
    """Read a file that `write_result` wrote.

    Args:
        path: the file.
        network: the study's network; with it, the result has the trained networks, whose data are without most of the examples.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFile: the file is not what was written, or was written by a version with another format.
    """
    description, arrays = read_tensor_file(path, FORMAT)
    result = StudyResult(
        name=description["name"],
        identity=description["identity"],
        config=description["config"],
        seeds=tuple(description["seeds"]),
        history={metric: arrays[f"{HISTORY}{metric}"] for metric in description["metrics"]},
        together=np.array(description["together"]),
        seconds=np.array(description["seconds"]),
        failures={int(seed): reason for seed, reason in description["failures"].items()},
        stopped={int(seed): epoch for seed, epoch in description["stopped"].items()},
        unlearned={int(seed): reason for seed, reason in description["unlearned"].items()},
        machine=description["machine"],
        measures={name: Measure.from_plain(plain) for name, plain in description["measures"].items()},
        headline=description["headline"],
        replicas=description["replicas"],
        origins=tuple(description["origins"]),
        content=description["content"],
        notes=tuple(description["notes"]),
        automatic=tuple(description["automatic"]),
        population=Population.from_plain(description["population"]),
    )
    return replace(result, networks=tuple(_networks(network, description, arrays))) if network is not None else result


def network_width(path: Path) -> int | None:
    """Read the number of outputs of the networks in a file; None if it has no networks.

    Raises:
        DamagedFile: the file is not what was written.
    """
    targets = read_tensor_file(path, FORMAT)[0]["targets"]
    return int(targets["width"]) if targets else None


def load_weights(folder: Path, seed: int) -> dict[str, Tensor]:
    """Read the weights of one seed from a job's folder; empty if there are none.

    Raises:
        DamagedFile: the file is not what was written.
    """
    description, arrays = read_tensor_file(folder / RESULT, FORMAT)
    if seed not in description["networks"]:
        return {}
    return _weights(arrays, description["networks"].index(seed))


def find_results(folder: Path) -> Iterator[Path]:
    """Yield the folders at or below a folder that hold a result, in the order of their job numbers."""

    def by_number(path: Path) -> tuple[int, str]:
        return (int(path.name) if path.name.isdigit() else -1, str(path))

    yield from sorted((found.parent for found in folder.rglob(RESULT)), key=by_number)


def _network_tensors(networks: Sequence[TrainedNetwork]) -> dict[str, Tensor]:
    if not networks:
        return {}
    weights = {name: torch.stack([network.weights[name] for network in networks]) for name in networks[0].weights}
    data = {
        "shift": [network.data.shift for network in networks],
        "scale": [network.data.scale for network in networks],
        "offset": [network.data.targets.offset for network in networks],
        "spread": [network.data.targets.scale for network in networks],
        "examples": [network.data.train.x[:EXAMPLES] for network in networks],
    }
    fills = [fill_of(network.data.schema) for network in networks if network.data.schema]
    filling = {FILL: torch.tensor(fills, dtype=torch.float64)} if fills else {}
    return (
        filling
        | {f"{WEIGHTS}{name}": value for name, value in weights.items()}
        | {f"{DATA}{name}": torch.stack(values) for name, values in data.items()}
    )


def _describe_targets(networks: Sequence[TrainedNetwork]) -> dict[str, Any] | None:
    """The coding of the targets, which all seeds of a study share."""
    return {"coding": networks[0].data.targets.coding, "width": networks[0].data.targets.width} if networks else None


def _networks(network: Sequential, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Iterator[TrainedNetwork]:
    for row, seed in enumerate(description["networks"]):
        shift, scale, offset, spread, x = (
            torch.from_numpy(arrays[f"{DATA}{name}"][row, ...]) for name in ("shift", "scale", "offset", "spread", "examples")
        )
        nothing = Examples(x[:0], torch.empty(0), torch.empty(0))
        targets = Targets(description["targets"]["coding"], description["targets"]["width"], offset, spread)
        schema = read_schema(description["schema"])
        schema = with_fill(schema, arrays[FILL][row].tolist()) if schema else None
        data = Data(replace(nothing, x=x), nothing, None, targets, shift, scale, schema)
        yield TrainedNetwork(network, seed, _weights(arrays, row), data)


def _weights(arrays: Mapping[str, np.ndarray], row: int) -> dict[str, Tensor]:
    found = {name.removeprefix(WEIGHTS): values for name, values in arrays.items() if name.startswith(WEIGHTS)}
    return {name: torch.from_numpy(values[row, ...]) for name, values in found.items()}
