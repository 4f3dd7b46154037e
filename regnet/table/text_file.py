"""Read a text file of separated values: its encoding, its separator, whether its first line has names, and its cells as text."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import itertools
import lzma
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from regnet.registry.limits import check_size
from regnet.table.errors import TableError
from regnet.table.formats import is_decimal, is_number

COMPRESSED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""The function that opens a compressed file, by its suffix."""
SEPARATORS = "\t;|,"
"""The separators that are looked for, in the order of preference: a comma is often part of a text or of a number."""
WRITTEN = {"\\t": "\t", "tab": "\t", "space": " "}
"""How else a separator may be written on a command line."""
WINDOWS = "cp1252"
"""The encoding of a file that is not UTF-8: spreadsheets on Windows write it in Western Europe and America."""
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""The encodings that a file can name in its first bytes."""
SAMPLE = 200
"""The number of lines by which a separator is judged."""
BATCH = 20_000
"""The number of rows that are held as lists at a time."""


@dataclass(frozen=True)
class TextOptions:
    """How a text file is written; None where that is to be found out."""

    separator: str | None = None
    encoding: str | None = None
    header: bool | None = None


@dataclass(frozen=True)
class Text:
    """The cells of a text file."""

    names: tuple[str, ...] | None
    """The columns' names; None if the file has none."""
    columns: list[pa.Array]
    separator: str
    notes: tuple[str, ...]
    """What was found out about the file, where it is not the usual."""


def read_cells(file: Path, options: TextOptions, wanted: Sequence[str]) -> Text:
    """Read all cells of a file.

    Raises:
        TableError: rows have different lengths, or the file is not text in its encoding.
    """
    encoding = options.encoding or _marked(file)
    try:
        return _read(file, encoding or "utf-8", options, wanted, ())
    except LookupError:
        raise TableError(f"{file.name}: there is no encoding {encoding!r} (dataset.encoding)") from None
    except UnicodeDecodeError as error:
        if encoding:
            raise TableError(
                f"{file.name} cannot be read as .csv: it is not {encoding} at byte {error.start}: set dataset.encoding"
            ) from error
    try:
        return _read(file, WINDOWS, options, wanted, ("encoding cp1252",))
    except UnicodeDecodeError:
        raise TableError(
            f"{file.name} cannot be read as .csv: its text is neither UTF-8 nor cp1252: set dataset.encoding"
        ) from None


def _marked(file: Path) -> str | None:
    with _open(file) as opened:
        start = opened.read(4)
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), None)


def _open(file: Path) -> IO[bytes]:
    return COMPRESSED.get(file.suffix.lower(), open)(file, "rb")  # type: ignore[no-any-return]


def _lines(file: Path, encoding: str) -> Iterator[str]:
    size = 0
    with io.TextIOWrapper(_open(file), encoding=encoding, newline="") as opened:
        for number, line in enumerate(opened, start=1):
            size += len(line)
            if number % BATCH == 0:
                check_size(file, size)
            if "\0" in line:
                raise TableError(f"{file.name}: line {number} has a byte of value 0, which text has not: set dataset.encoding")
            yield line


def _read(file: Path, encoding: str, options: TextOptions, wanted: Sequence[str], notes: tuple[str, ...]) -> Text:
    lines = _lines(file, encoding)
    start = list(itertools.islice(lines, SAMPLE))
    hint = re.fullmatch(r'"?sep=(.)"?\s*', start[0]) if start else None  # written by spreadsheets
    start = start[1:] if hint else start
    if not any(line.strip() for line in start):
        raise TableError(f"{file.name} cannot be read as .csv: there are no columns in it")
    given = WRITTEN.get(options.separator or "", options.separator) or (hint and hint[1])
    separator = given or _find_separator(start)
    if separator != "," and not given:
        notes = (*notes, f"separator {separator!r}")
    rows = _rows(itertools.chain(start, lines), separator, file.name, bool(hint))
    first = next(rows)[1]
    sample = list(itertools.islice(rows, SAMPLE))
    body = itertools.chain(sample, rows)
    names = first if _is_header(first, [row for _, row in sample], options.header, wanted) else None
    if names is None:
        body = itertools.chain([(1, first)], body)
        notes = (*notes, "no line with names: column1, column2, ...")
    width = len(first)
    columns, surplus = _columns(body, width, file.name, "the header" if names else "line 1")
    if surplus:
        notes = (*notes, "each line ends in a separator")
    return Text(tuple(names) if names else None, columns, separator, notes)


def _rows(lines: Iterable[str], separator: str, name: str, hinted: bool) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its line."""
    if separator == " ":
        lines = (line.strip() for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield reader.line_num + hinted, row
    except csv.Error as error:
        raise TableError(f"{name} cannot be read as .csv: line {reader.line_num + hinted}: {error}") from error


def _find_separator(lines: Sequence[str]) -> str:
    """The separator by which the lines have most regularly the same number of cells, as many as the first line."""
    found: dict[str, tuple[float, ...]] = {}
    for separator in (*SEPARATORS, " "):
        try:
            rows = list(_rows(lines, separator, "", False))
        except TableError:  # a quoted cell may continue after the sample
            continue
        widths = Counter(len(row) for _, row in rows)
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        headed = abs(len(rows[0][1]) - width) <= 1
        if width > 1 and headed and count / len(rows) > 0.8 and (separator != " " or not found):
            found[separator] = (len(rows[0][1]) == width, count / len(rows))
    return max(found, key=found.__getitem__, default=",")


def _is_header(first: Sequence[str], rows: Sequence[Sequence[str]], given: bool | None, wanted: Sequence[str]) -> bool:
    """Whether the first line has names: if a wanted name is among them, or it does not look like the lines below."""
    if given is not None:
        return given
    if {cell.strip() for cell in first} & set(wanted):
        return True
    if any(is_decimal(cell) for cell in first):
        return False
    numeric = [at for at in range(len(first)) if rows and all(is_number(row[at]) for row in rows if len(row) > at)]
    return not numeric or not all(is_number(first[at]) for at in numeric)


def _columns(rows: Iterator[tuple[int, list[str]]], width: int, name: str, like: str) -> tuple[list[pa.Array], bool]:
    """The cells by column, and whether every line ends in a separator too many.

    Raises:
        TableError: a line has more or fewer cells.
    """
    parts: list[list[pa.Array]] = [[] for _ in range(width)]
    surplus: bool | None = None
    while batch := list(itertools.islice(rows, BATCH)):
        for line, row in batch:
            extra = len(row) == width + 1 and not row[-1].strip()
            surplus = extra if surplus is None else surplus
            if not extra and len(row) != width:
                raise TableError(_uneven(name, line, len(row), width, like))
            if extra != surplus:
                raise TableError(f"{name}: line {line} {'ends' if extra else 'does not end'} in a separator, unlike those before")
        for cells, part in zip(zip(*(row for _, row in batch), strict=True), parts, strict=False):
            part.append(pa.array(cells, pa.large_string()))
    return [pa.concat_arrays(part) if part else pa.array([], pa.large_string()) for part in parts], bool(surplus)


def _uneven(name: str, line: int, got: int, width: int, like: str) -> str:
    if got == width + 1:
        cause = "is a value unquoted that has a separator in it, or the first column without a name?"
    else:
        cause = "is there text above or below the table, or a separator in a value without quotes?"
    return f"{name}: line {line} has {got} values, expected {width} as in {like}: {cause}"
