"""How the columns of people's files are read: as they are meant, or refused in a line that names the setting which decides.

Reports that are kept here: pandas#14124 (columns shift), pandas#14704 (two columns of one name), and the small tables in `cases`.
"""

from __future__ import annotations

import datetime
import decimal
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import regnet
from regnet.builtin.datasets.table import Table
from tests.table.files import draw

CASES = Path(__file__).parent / "cases"
N = 60
VALUES = [round((row * 37 % 61) / 7 - 4, 2) for row in range(N)]
CLASSES = ["p" if value > 0 else "q" for value in VALUES]


def read(path: Path, target: str = "c", **options: Any) -> tuple[np.ndarray, list[str]]:
    """The features of all rows in the order of the column of VALUES, and what the table says about itself."""
    table = Table(str(path), target, **options)
    splits = draw(table)
    x = np.concatenate([splits.train.x, splits.test.x])
    return x, list(table.describe())


def error(path: Path, target: str = "c", **options: Any) -> str:
    with pytest.raises(regnet.RegnetError) as caught:
        read(path, target, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write(folder: Path, column: list[Any], separator: str = ",", name: str = "data.csv") -> Path:
    """A file with the column `x`, VALUES as `a` and CLASSES as `c`."""
    rows = [separator.join(map(str, row)) for row in zip(column, range(N), CLASSES, strict=True)]
    path = folder / name
    path.write_text("\n".join([separator.join(["x", "a", "c"]), *rows]) + "\n", encoding="utf-8")
    return path


def column_of(path: Path, **options: Any) -> tuple[list[float], str]:
    """The first feature in the order of the file, and how the column `x` is read."""
    x, lines = read(path, **options)
    order = x[:, -1].argsort()
    return x[order, 0].tolist(), next(line.partition(": ")[2] for line in lines if "x" in line.partition(":")[0])


@pytest.mark.parametrize(
    ("name", "target", "first", "said"),
    [
        ("trailing_comma.csv", "class", [1.288, 1.449], "each line ends in a separator"),
        ("decimal_comma.csv", "class", [1.288, 1.449], "from a, b: numbers (decimal mark ',')"),
        ("latin1_semicolon.csv", "klasse", [1.288, 1.449], "encoding cp1252, separator ';'"),
        ("bom_tabs.tsv", "class", [1.288, 1.449], "from a, b: numbers"),
        ("thousands.csv", "class", [61593.0, 64.0], "from rate: numbers (in %)"),
        ("class_none.csv", "class", [1.288, 1.449], "2 classes: None, Some"),
        ("unix_seconds.csv", "value", [1690000038.0], "from t: numbers"),
        ("big_target.csv", "y", [1.288, 1.449], "from a, b: numbers"),
        ("booleans_with_gaps.csv", "class", None, "from flag: truth values (true is 1)"),
        ("big_integers.csv", "class", [1.288], "without id: whole numbers beyond 2⁵³"),
        ("dates.csv", "class", [20454.0, 1.288], "from day: dates (days, written as %Y-%m-%d)"),
        ("no_header.csv", "column3", [1.288, 1.449], "from column1, column2: numbers"),
    ],
)
def test_cases(name: str, target: str, first: list[float] | None, said: str) -> None:
    x, lines = read(CASES / name, target, missing="mean")
    assert len(x) == 120
    assert said in "\n".join(lines)
    if first is not None:
        assert x[:, : len(first)].tolist().count(first) == 1


def test_columns_of_one_name_are_refused() -> None:
    """pandas#14704: one of them is the target itself, under another's name."""
    assert "columns 1 and 2 are both called 'f'" in error(CASES / "duplicate_header.csv", "coin")


@pytest.mark.parametrize(
    ("written", "separator", "meant"),
    [
        (lambda n: f"{n},25", ";", lambda n: n + 0.25),
        (lambda n: f"{n + 1}.234,50", ";", lambda n: 1000 * n + 1234.5),
        (lambda n: f'"{n + 1},234.50"', ",", lambda n: 1000 * n + 1234.5),
        (lambda n: f'"{n + 1},234"', ",", lambda n: 1000 * n + 1234),
        (lambda n: f"{n + 1}\u202f234,5", ";", lambda n: 1000 * n + 1234.5),
        (lambda n: f"{n + 1}'234.5", ",", lambda n: 1000 * n + 1234.5),
        (lambda n: f"\u2212{n}", ",", lambda n: -n),
        (lambda n: f"+{n}e-1", ",", lambda n: n / 10),
        (lambda n: f"{n}%", ",", lambda n: n),
        (lambda n: f"${n}.50", ",", lambda n: n + 0.5),
        (lambda n: f"-${n}", ",", lambda n: -n),
        (lambda n: f"({n})", ",", lambda n: -n),
        (lambda n: f"{n} kg", ",", lambda n: n),
        (lambda n: f"\u00a0{n} ", ",", lambda n: n),
        (lambda n: f"{n},5 €", "\t", lambda n: n + 0.5),
        (lambda n: f".{n:03d}", ",", lambda n: n / 1000),
        (lambda n: f"{n}.", ",", lambda n: n),
    ],
    ids=lambda value: value(7) if callable(value) and isinstance(value(7), str) else "",
)
def test_numbers(tmp_path: Path, written: Any, separator: str, meant: Any) -> None:
    column, how = column_of(write(tmp_path, [written(row) for row in range(N)], separator))
    assert how.startswith("numbers")
    assert column == pytest.approx([meant(row) for row in range(N)], rel=1e-15)


def test_a_point_is_read_as_the_other_columns_are_written(tmp_path: Path) -> None:
    rows = [f"{row + 1}.234;{row},5;{kind}" for row, kind in enumerate(CLASSES)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["x;a;c", *rows]))
    assert column_of(path)[0] == [1000 * row + 1234 for row in range(N)]
    path.write_text("\n".join(["x;a;c", *(row.replace(",", ".") for row in rows)]))
    assert column_of(path)[0] == pytest.approx([row + 1.234 for row in range(N)])


@pytest.mark.parametrize(
    ("written", "separator", "said", "options"),
    [
        (lambda n: f"{n + 1},234", ";", "set dataset.decimal=',' or dataset.thousands=','", {"decimal": ","}),
        (lambda n: f"{n + 1},234", ";", "set dataset.decimal=',' or dataset.thousands=','", {"thousands": ","}),
        (lambda n: f"{1 + n % 12:02}/{1 + n % 12:02}/2024", ",", "set dataset.dates=day_first or", {"dates": "day_first"}),
        (lambda n: "unknown" if n == 7 else n, ",", "'unknown' in row 8; dataset.na_values=[unknown]", {"na_values": ["unknown"]}),
        (lambda n: f"{n}%" if n % 2 else n, ",", "numbers written in different ways, such as 0 and 1%", {"exclude": ["x"]}),
        (lambda n: f"{n},5" if n % 2 else f"{n}.5", ";", "numbers written in different ways, such as 0.5 and 1,5", {}),
        (lambda n: f"${n}" if n % 2 else f"€{n}", ",", "numbers written in different ways, such as €0 and $1", {}),
    ],
)
def test_in_doubt(tmp_path: Path, written: Any, separator: str, said: str, options: dict[str, Any]) -> None:
    path = write(tmp_path, [written(row) for row in range(N)], separator)
    text = error(path)
    assert said in text
    assert "dataset.exclude=[x] leaves it out" in text
    if options:
        read(path, missing="mean", **options)


DAY = 19723.0
"""2024-01-01, in days since 1970-01-01."""


@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("%Y-%m-%d", DAY),
        ("%d.%m.%Y", DAY),
        ("%m/%d/%Y", DAY),
        ("%d/%m/%Y", DAY),
        ("%Y/%m/%d", DAY),
        ("%d %b %Y", DAY),
        ("%B %d, %Y", DAY),
        ("%Y-%m-%dT%H:%M:%SZ", DAY + 6 / 24),
        ("%Y-%m-%d %H:%M", DAY + 6 / 24),
        ("%H:%M", 6 / 24),
    ],
)
def test_dates(tmp_path: Path, form: str, first: float) -> None:
    start = datetime.datetime(2024, 1, 1, 6)
    dates = [f'"{(start + datetime.timedelta(days=row, minutes=row)).strftime(form)}"' for row in range(N)]
    column, how = column_of(write(tmp_path, dates))
    assert how.startswith("dates")
    assert column[0] == pytest.approx(first)
    assert column[40] == pytest.approx(first + (40 if "Y" in form else 0) + (40 / 1440 if "H" in form else 0))


def test_dates_with_and_without_a_time(tmp_path: Path) -> None:
    dates = [f"2024-01-{1 + row % 28:02}{'T12:00' if row % 2 else ''}" for row in range(N)]
    column, how = column_of(write(tmp_path, dates))
    assert how == "dates (days, written as ISO8601)"
    assert column[:3] == [DAY, DAY + 1.5, DAY + 2]


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (["yes", "no"], "truth values (yes is 1)"),
        (["FALSE", "TRUE"], "truth values (true is 1)"),
        (["ash", "elm"], "2 words"),
        (["1", "2", "3", "4+"], "4 words (text among its numbers, '4+' in row 4; dataset.na_values=[4+] makes it missing)"),
        (["00", "01", "02"], "3 words (with leading zeros)"),
        (["NA", "EU"], "2 words ('NA' is one of them, dataset.na_values=[NA] makes it missing)"),
        ([f"w{row}" for row in range(N)], "60 different words in 60 rows: name it in dataset.features to use it"),
        ([f"{row:05}" for row in range(N)], "60 different words in 60 rows (with leading zeros): name it in dataset.features"),
        (["", "NA", "?"], "no values, only ?, NA: dataset.na_values=[] makes them words"),
        (["7"], "the same value in every row"),
        (["oak"], "the same value in every row"),
    ],
)
def test_words(tmp_path: Path, words: list[str], how: str) -> None:
    path = write(tmp_path, [words[row % len(words)] for row in range(N)])
    assert column_of(path)[1].startswith(how)


def test_usual_words_for_missing_values_among_numbers(tmp_path: Path) -> None:
    words = ["", "NA", "n/a", "NaN", "null", "None", "?", "-", "inf", "#N/A"]
    path = write(tmp_path, [*words, *range(len(words), N)])
    assert "missing values (10 in 'x')" in error(path)
    column, _ = column_of(path, missing="mean")
    assert len(set(column[:10])) == 1
    assert column[10:] == list(range(10, N))


def test_a_class_may_be_called_none(tmp_path: Path) -> None:
    """It was taken for missing, and the advice deleted it."""
    path = tmp_path / "data.csv"
    path.write_text("a,c\n" + "".join(f"{row},{['None', 'NA', 'Some'][row % 3]}\n" for row in range(N)))
    splits = draw(Table(str(path), "c"))
    assert splits.classes == 3
    assert splits.schema is not None
    assert splits.schema.labels == ("NA", "None", "Some")
    assert draw(Table(str(path), "c", na_values=["NA"], missing="drop")).classes == 2
    path.write_text("a,c\n" + "".join(f"{row},{['1', '2', 'NA'][row % 3]}\n" for row in range(N)))
    assert "dataset.na_values=[] keeps 'NA' in 'c' as a word" in error(path)
    assert draw(Table(str(path), "c", na_values=[])).classes == 3


def test_a_column_that_repeats_the_target_is_named(tmp_path: Path) -> None:
    _, lines = read(write(tmp_path, CLASSES))
    assert "x tells 'c' exactly" in lines[0]


TEXT = "x,c\n" + "".join(f"{value},{kind}\n" for value, kind in zip(VALUES, CLASSES, strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ("sep=;\n" + TEXT.replace(",", ";")).encode()),
        ("a.txt", TEXT.replace(",", "|").encode()),
        ("a.tsv", TEXT.replace(",", "\t").encode()),
        ("a.csv", TEXT.replace(",", "\t").encode("utf-16")),
        ("a.csv", b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()),
        ("a.csv", TEXT.replace("\n", "\r").encode()),
        ("a.data", TEXT.replace(",", "   ").replace("\n", " \n").encode()),
        ("a.csv.gz", gzip.compress(TEXT.encode())),
        ("a.csv", ("\n\n" + TEXT.replace("x,c", " x , c ") + "\n\n").encode()),
        ("a.csv", TEXT.replace("\n", ",\n").encode()),
        (
            "a.csv",
            "\n".join(f'{line},"a note, with\nlines"' for line in TEXT.splitlines())
            .replace('c,"a note, with\nlines"', "c,n", 1)
            .encode(),
        ),
    ],
)
def test_files(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    x, _ = read(path)
    assert sorted(x[:, 0].tolist()) == sorted(VALUES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Export of 2026\n\na,b,c\n1,2,p\n", "line 3 has 3 values, expected 1 as in the header"),
        ("a,b,c\n1,2,p\n3,q\n", "line 3 has 2 values, expected 3"),
        ("a,c\nr1,1,p\nr2,2,q\n", "line 2 has 3 values, expected 2 as in the header: is a value unquoted"),
        ("a,b,c\n1,2,p,\n3,4,q\n", "line 3 does not end in a separator, unlike those before"),
        ('a,b,c\n1,"2,p\n3,4,q\n', "cannot be read as .csv: line 3: unexpected end of data"),
        ("a,b,c\n1,2,p\n3,4,q\nTotal: 2\n", "line 4 has 1 values, expected 3"),
    ],
)
def test_files_that_are_uneven(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(content)
    assert said in error(path)


def test_a_compressed_file_has_a_limit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGNET_MAX_BYTES", "100000")
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,c\n" + b"1,p\n" * 100_000))
    assert path.stat().st_size < 2000
    assert "bomb.csv.gz has" in error(path)


def test_types_of_parquet(tmp_path: Path) -> None:
    """Lists and structs ended in a traceback; decimals disappeared; dates became a feature for each day."""
    start = datetime.datetime(2024, 1, 1)
    columns = {
        "a": pa.array(VALUES),
        "decimal": pa.array([decimal.Decimal(row) / 4 for row in range(N)]),
        "date": pa.array([start.date() + datetime.timedelta(days=row) for row in range(N)]),
        "time": pa.array([start + datetime.timedelta(hours=row) for row in range(N)]),
        "long": pa.array([datetime.timedelta(minutes=row) for row in range(N)]),
        "list": pa.array([[1, 2]] * N),
        "struct": pa.array([{"n": row} for row in range(N)]),
        "bytes": pa.array([b"x"] * N),
        "nothing": pa.nulls(N),
        "flag": pa.array([True, False, None] * 20),
        "word": pa.array(["u", "v"] * 30).dictionary_encode(),
        "c": pa.array(CLASSES),
    }
    pq.write_table(pa.table(columns), tmp_path / "data.parquet")
    x, lines = read(tmp_path / "data.parquet", missing="mean")
    said = "\n".join(lines)
    for line in ("from a, decimal: numbers", "from date, time: dates (days)", "from long: numbers (seconds)"):
        assert line in said
    for name in ("list", "struct", "bytes", "nothing"):
        assert f"without {name}: " in said
    row = x[np.isclose(x[:, 1], 10.0)][0].tolist()
    assert row == pytest.approx([VALUES[40], 10, DAY + 40, DAY + 40 / 24, 2400, 0, 1, 0])
    assert "neither numbers nor text" in error(tmp_path / "data.parquet", "list", missing="mean")
    assert "cannot be a feature: struct" in error(tmp_path / "data.parquet", features=["struct"])
