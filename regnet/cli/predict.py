"""`regnet predict`: a trained network's predictions for the rows of a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from regnet.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from regnet.study.result import TrainedNetwork
    from regnet.table.reading import Content


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `regnet predict`."""
    parser.add_argument("model", metavar="MODEL", help="a job's folder, or a model in MLflow such as models:/NAME@best")
    parser.add_argument(
        "file", metavar="FILE", help="the rows: a .csv, .tsv or .parquet file with the columns of the training table"
    )
    parser.add_argument("--seed", type=int, help="which of a job's networks (default: the best by validation, or by training loss)")
    parser.add_argument("--scores", action="store_true", help="add the network's outputs, one column for each")
    parser.add_argument("--out", metavar="FILE", help="a .parquet or .csv file (default: CSV to standard output)")
    parser.add_argument("--uri", help="the MLflow store of the model (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db here)")


def predict(options: argparse.Namespace) -> int:
    """Writes the file's rows with a column for the prediction, called ``predicted`` and the target's name."""
    out = None if options.out is None else Path(options.out)
    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"--out {options.out}: a table is written as .parquet or .csv, got {out.suffix or 'no ending'}")
    if out is not None and not out.parent.is_dir():
        raise ConfigError(f"--out {options.out}: there is no folder {out.parent}")
    from regnet.tracking.load_model import load_model

    network = load_model(options.model, options.seed, options.uri)
    frame = _predicted(network, options.file, scores=options.scores)
    print(f"regnet: answered by the network of seed {network.seed}", file=sys.stderr)
    if out is None:
        frame.to_csv(sys.stdout, index=False)
    elif out.suffix == ".csv":
        frame.to_csv(out, index=False)
    else:
        frame.to_parquet(out, engine="pyarrow", index=False)
    if out is not None:
        print(f"Written to {out}: {len(frame)} rows, {len(frame.columns)} columns")
    return 0


def _predicted(network: TrainedNetwork, path: str, *, scores: bool) -> pd.DataFrame:
    """The rows of a file, with a column for the prediction and, on request, one for each output."""
    import pandas as pd

    from regnet.contracts import Schema
    from regnet.table.encoding import encode_rows
    from regnet.table.prediction import answers_of
    from regnet.table.reading import read
    from regnet.table.text_file import TextOptions

    schema = network.data.schema
    content = read(path, TextOptions(), tuple(column.name for column in schema.columns) if schema else (), "FILE")
    x = encode_rows(content, schema.columns) if schema else _numbers(content)
    answers = answers_of(network.predict(x), schema or Schema((), ""))
    added = {f"predicted {schema.target if schema else ''}".strip(): answers}
    if scores:
        outputs = network.output(x).numpy()
        names = (schema.labels if schema else ()) or range(outputs.shape[1])
        added |= {f"score {name}": outputs[:, at] for at, name in enumerate(names)}
    rows = {name: values.to_pandas() for name, values in content.columns.items()}
    return pd.DataFrame(rows | added)


def _numbers(content: Content) -> Tensor:
    """The columns of a table as features ``(N, F)``, for a network whose inputs have no names."""
    import numpy as np
    import torch

    from regnet.table.encoding import encode_column
    from regnet.table.kinds import Forms, read_columns

    readings = read_columns(content, Forms())
    blocks = [encode_column(readings[name].column, values, content.name) for name, values in content.columns.items()]
    return torch.tensor(np.concatenate(blocks, axis=1))
