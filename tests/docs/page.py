"""A page of the documentation as a list of steps: files to write or compare, and commands with their output."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^(?:<!-- (?P<mark>.+?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d[/ T]\d\d[-:]\d\d[-:]\d\d(?:[.,]\d+)?"), "DATE"),
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}\b"), "HASH"),
    (re.compile(r"\d[\d.,]*(?= (?:s|ms|µs)\b)"), "TIME"),
    (re.compile(r"[─━]+"), "─"),
    (re.compile(r"\s+"), " "),
)
"""Text that is not compared: dates, hashes, times, and the width of tables and lines."""
TOLERANCE = 0.1
"""The relative tolerance of numbers: processors round differently, which can change the class of a point."""


@dataclass(frozen=True)
class Step:
    """A command with its expected output, or a file with its text."""

    kind: str
    """``run``, ``write`` or ``compare``."""
    what: str
    """The command, or the file's path."""
    text: str
    code: int | None = None
    """The exit code of the command, where the page says it."""


def steps(page: str) -> Iterator[Step]:
    """The steps of a page, in order.

    A console block is run unless it is marked ``<!-- not run: why -->``; another block is a step if it is marked
    ``<!-- write: PATH -->`` or ``<!-- compare: PATH -->``. ``<!-- exit code: 1 -->`` says how the commands of a block end.
    """
    for block in BLOCK.finditer(page):
        kind, _, path = (block["mark"] or "").partition(": ")
        if kind in ("write", "compare"):
            yield Step(kind, path, block["text"])
        elif block["language"] == "console" and kind != "not run":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield Step("run", command.partition("  #")[0].rstrip(), output, int(path) if kind == "exit code" else None)


def matches(expected: str, got: str) -> bool:
    """Whether the output of a command matches the page: ``...`` stands for any text, and numbers may differ slightly."""
    wanted = _masked(expected)
    found = re.fullmatch(_pattern(wanted), _masked(got), re.DOTALL)
    return found is not None and all(map(_close, NUMBER.findall(wanted), found.groups()))


def console_blocks(folder: Path) -> list[Path]:
    """The pages that show commands."""
    return sorted(path for path in folder.rglob("*.md") if "```console" in path.read_text(encoding="utf-8"))


def _masked(text: str) -> str:
    for pattern, mask in VARYING:
        text = pattern.sub(mask, text)
    return text.strip()


def _pattern(wanted: str) -> str:
    """A regular expression with a group for each number."""
    pieces = re.split(f"({NUMBER.pattern}|\\.\\.\\.)", wanted)
    return "".join(_piece(piece) for piece in pieces).replace(r"\ .*?\ ", ".*?").replace(r".*?\ ", ".*?").replace(r"\ .*?", ".*?")


def _piece(piece: str) -> str:
    if piece == "...":
        return ".*?"
    return f"({NUMBER.pattern})" if NUMBER.fullmatch(piece) else re.escape(piece)


def _close(wanted: str, got: str) -> bool:
    return math.isclose(float(wanted.replace(",", "")), float(got.replace(",", "")), rel_tol=TOLERANCE, abs_tol=0.02)
