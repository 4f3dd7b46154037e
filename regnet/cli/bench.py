"""`regnet bench`: the engines' speed on the report's network, as ratios in one process."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np

from regnet.assemble import assemble
from regnet.bench import Timing, benchmark
from regnet.catalog import load_catalog
from regnet.cli.console import results_console
from regnet.configs import compose_config
from regnet.errors import ConfigError
from regnet.machine import describe_machine
from regnet.report.table import Table


def bench(options: argparse.Namespace) -> int:
    """Times the engines and prints the table, or JSON with every single measurement."""
    if min(options.rounds, options.epochs, *options.replicas) < 1:
        raise ConfigError("bench: --rounds, --epochs and --replicas take numbers from 1 up")
    catalog = load_catalog()
    study = assemble(compose_config(["tracking=none"], catalog), catalog)
    timings = benchmark(study, options.replicas, options.rounds, options.epochs)
    if options.json:
        print(json.dumps(_as_json(timings, options), indent=1))
    else:
        _table(timings, options).print(results_console())
    return 0


def _table(timings: Sequence[Timing], options: argparse.Namespace) -> Table:
    rows = tuple((one.name, _median(one.step_microseconds, " µs"), _median(one.speedup, "×")) for one in timings)
    how = f"Medians of {options.rounds} interleaved rounds of {options.epochs} epochs (lowest to highest); one thread."
    return Table(
        "A training step of the report's network, per run",
        ("", "time", "speed against PyTorch"),
        rows,
        (how, f"Measured on: {describe_machine()}."),
    )


def _median(values: np.ndarray, unit: str) -> str:
    return f"{np.median(values):.1f}{unit} ({values.min():.1f} to {values.max():.1f})"


def _as_json(timings: Sequence[Timing], options: argparse.Namespace) -> dict[str, object]:
    return {
        "machine": describe_machine(),
        "rounds": options.rounds,
        "epochs": options.epochs,
        "timings": [
            {
                "name": one.name,
                "replicas": one.replicas,
                "step_microseconds": one.step_microseconds.tolist(),
                "speedup": one.speedup.tolist(),
            }
            for one in timings
        ],
    }
