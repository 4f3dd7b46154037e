"""`regnet results`: a store's runs as one tidy table, for other programs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from regnet.cli.options import add_store_options
from regnet.errors import ConfigError
from regnet.escape import csv_cell
from regnet.gc_pause import uncollected


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet results`."""
    add_store_options(parser)
    parser.add_argument("--launch", help="which launch, as in the tag regnet.launch (default: all)")
    parser.add_argument("--history", action="store_true", help="a row for each epoch of each run")
    parser.add_argument("--duplicates", action="store_true", help="all runs of a seed that was run more than once (default: one)")
    parser.add_argument("--columns", action="store_true", help="the type, unit and meaning of each column instead")
    parser.add_argument("--out", metavar="FILE", help="a .parquet or .csv file (default: CSV to standard output)")


def results(options: argparse.Namespace) -> int:
    """Writes the table to a file, as its name ends, or as CSV to standard output."""
    out = None if options.out is None else Path(options.out)
    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"--out {options.out}: a table is written as .parquet or .csv, got {out.suffix or 'no ending'}")
    if out is not None and not out.parent.is_dir():
        raise ConfigError(f"--out {options.out}: there is no folder {out.parent}")
    with uncollected():
        _write(options, out)
    return 0


def _write(options: argparse.Namespace, out: Path | None) -> None:
    from regnet.tracking.read.load import load_results

    frame = load_results(options.uri, options.experiment, options.launch, options.history, options.duplicates)
    left_out = frame.attrs["left_out"]
    if options.columns:
        from regnet.tracking.read.dictionary import describe_columns

        frame = describe_columns(frame).reset_index()
    elif left_out:
        print(f"regnet: {left_out} runs of seeds that were run again are left out: --duplicates keeps them", file=sys.stderr)
    if out is None or out.suffix == ".csv":
        frame = frame.map(csv_cell)
    if out is None:
        frame.to_csv(sys.stdout, index=False)
        return
    if out.suffix == ".csv":
        frame.to_csv(out, index=False)
    else:
        frame.to_parquet(out, engine="pyarrow", index=False)
    print(f"Written to {out}: {len(frame)} rows, {len(frame.columns)} columns")
