"""Predictions for tables: a frame's columns become a network's inputs, its outputs the names of classes or values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from regnet.contracts import Schema
from regnet.table.encoding import encode_rows
from regnet.table.errors import TableError
from regnet.table.reading import from_frame


def inputs_of(frame: pd.DataFrame, schema: Schema | None) -> Tensor:
    """The features ``(N, F)`` of a frame's rows: by the names of its columns or, for a network whose inputs have none, by position.

    Raises:
        TableError: a column is missing, or has values of another kind than the network was trained with.
    """
    if schema is not None:
        return encode_rows(from_frame(frame, "the table"), schema.columns)
    try:
        return torch.from_numpy(frame.to_numpy(dtype=float))
    except (TypeError, ValueError) as error:
        raise TableError(f"the network takes numbers: {' '.join(str(error).split())}") from error


def answers_of(prediction: Tensor, schema: Schema) -> np.ndarray:
    """The names of classes ``(N,)`` for class numbers; or values ``(N,)``, if one value is predicted."""
    if schema.labels:
        labels = np.array(schema.labels, dtype=object if isinstance(schema.labels[0], str) else None)
        return np.asarray(labels[prediction.numpy()])
    values = prediction.numpy()
    return np.asarray(values[:, 0] if values.shape[-1] == 1 else values)


def rows_of(x: Tensor, schema: Schema) -> pd.DataFrame:
    """The rows that have the features ``(N, F)``: the inverse of `inputs_of`, but for what was missing."""
    columns: dict[str, object] = {}
    start = 0
    for column in schema.columns:
        block = x[:, start : start + column.width].numpy()
        start += column.width
        match column.kind:
            case "words":
                columns[column.name] = [column.words[at] for at in block.argmax(1)]
            case "truth values":
                columns[column.name] = [column.words[round(float(value))] for value in block[:, 0]]
            case "dates":
                columns[column.name] = pd.to_datetime(block[:, 0], unit="D")
            case "numbers":
                columns[column.name] = block[:, 0]
    return pd.DataFrame(columns)
