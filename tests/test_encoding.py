"""Substitutes for characters that an encoding lacks, their use in tables, and explicit encodings of all files."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import regnet
from regnet.encoding import SUBSTITUTE, encodable, in_ascii, is_utf8, well_formed
from regnet.errors import TrackingError
from regnet.report.tables.table import Table
from regnet.tracking.store.uri import check_store

ROOT = Path(regnet.__file__).parents[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7.53 % ± 2.58 %", "7.53 % +- 2.58 %"),
        ("35 µs, 1.2×", "35 us, 1.2x"),
        ("sgd · disc – x — y…", "sgd - disc - x - y..."),
        ("≤ ≥ ≠ → ←", "<= >= != -> <-"),
        ("a factor √2, χ², ΔΦ", "a factor sqrt 2, chi^2, DeltaPhi"),
        ("10⁻³ x₁ ½", "10^-3 x1 1/2"),
        ("“a” ‘b’ „c“", '"a" \'b\' "c"'),
        ("größe, café, naïve", "grosse, cafe, naive"),
        ("日本 🏃", "?? ?"),
        ("\udcc3\udca9 \udcff \ud800", "e ? ?"),
        ("plain", "plain"),
    ],
)
def test_substitutes_are_readable(text: str, expected: str) -> None:
    assert in_ascii(text) == expected
    assert text.encode("ascii", SUBSTITUTE) == expected.encode()


def test_only_missing_characters_are_replaced() -> None:
    assert encodable("é ± · µ – √2 χ²", "latin-1") == "é ± · µ - sqrt 2 chi²"
    assert encodable("é ± – √2 “x”", "cp1252") == "é ± – sqrt 2 “x”"
    assert encodable("é ± – √2 日本", "utf-8") == "é ± – √2 日本"


def test_every_character_has_a_substitute_in_ascii() -> None:
    everything = "".join(map(chr, range(0x10000)))
    assert everything.encode("ascii", SUBSTITUTE).isascii()


def test_bytes_of_a_file_name_are_read_as_utf8() -> None:
    assert well_formed("h\udcc3\udca9") == "hé"
    assert well_formed("h\udce9") == "h\ufffd"
    assert encodable("h\udcc3\udca9", "utf-8") == "hé"
    assert "h\udce9".encode("utf-8", SUBSTITUTE) == b"h?"
    assert is_utf8("é".encode())
    assert not is_utf8("é".encode("latin-1"))


def test_store_whose_path_is_not_utf8_is_an_error() -> None:
    with pytest.raises(TrackingError, match="its path is not in UTF-8"):
        check_store("sqlite:////d\udce9/mlflow.db")


def test_handler_is_not_for_decoding() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", SUBSTITUTE)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("width", [120, 40])
def test_tables_are_aligned_in_every_encoding(encoding: str, width: int) -> None:
    rows = (("handbuilt · disc → größe…", "7.53 % ± 2.58 %", "–"), ("h\udcc3\udca9", "14 µs", "★ Δχ²"))
    out = io.TextIOWrapper(io.BytesIO(), encoding, SUBSTITUTE)
    Table("Größe ± √2", ("a ± b", "mean ± std", "95 % …"), rows).print(Console(file=out, width=width))
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    _, *lines = out.buffer.getvalue().decode(encoding).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert ("±" if encoding != "ascii" else "+-") in "".join(lines)
    assert ("┃" if encoding == "utf-8" else "|") in lines[1]


SOURCES = [
    path
    for folder in ("regnet", "plugins", "scripts")
    for path in sorted((ROOT / folder).rglob("*"))
    if "src" in path.parts or folder != "plugins"
    if path.suffix == ".py" or (folder == "scripts" and path.is_file() and b"python" in path.read_bytes().partition(b"\n")[0])
]


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in SOURCES])
def test_every_text_file_has_an_explicit_encoding(path: Path) -> None:
    assert list(unnamed(ast.parse(path.read_text(encoding="utf-8")))) == []


def unnamed(tree: ast.AST) -> Iterator[str]:
    """Calls that read or write text in an encoding that depends on the locale."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and is_text(call) and "encoding" not in {word.arg for word in call.keywords}:
            yield f"line {call.lineno}: {ast.unparse(call)}"


def is_text(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    words = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
    if words.get("text") or words.get("universal_newlines"):  # a program's output
        return True
    if name not in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile"):
        return name in ("read_text", "write_text", "FileHandler")
    is_method = isinstance(call.func, ast.Attribute) and name == "open"
    first = call.args[:1] if is_method or "Temporary" in name else call.args[1:2]
    if first and not isinstance(first[0], ast.Constant):  # no mode, such as an address
        return False
    mode = first[0].value if first and isinstance(first[0], ast.Constant) else words.get("mode")
    return "b" not in str(mode or ("w+b" if "Temporary" in name else "r"))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("path.read_text()", True),
        ("path.write_text(x, encoding='utf-8')", False),
        ("open(path)", True),
        ("open(path, 'rb')", False),
        ("path.open('w')", True),
        ("path.open()", True),
        ("path.open('wb')", False),
        ("webbrowser.open(address)", False),
        ("NamedTemporaryFile()", False),
        ("NamedTemporaryFile('w')", True),
        ("subprocess.run(words, text=True)", True),
    ],
)
def test_calls_that_depend_on_the_locale_are_found(code: str, found: bool) -> None:
    assert bool(list(unnamed(ast.parse(code)))) is found
