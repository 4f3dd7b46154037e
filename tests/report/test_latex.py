r"""Tables as LaTeX: special characters, and that pdfLaTeX compiles every table and prints the names as they are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from regnet.cli.compare import FORMS
from regnet.report.assessment import assess
from regnet.report.over_data import assess_over_data
from regnet.report.tables.latex import FITTED, escaped, latex
from regnet.report.tables.metrics import metric_tables
from regnet.report.tables.over_data import over_data_table
from regnet.report.tables.results import comparison
from regnet.report.tables.table import Table
from regnet.stats import Rules
from regnet.stats.over_data import verdict_over_data
from regnet.study.result import StudyResult
from tests.report.test_comparisons import study

ORDINARY = ["lr=0.001", "lr=0.01", "lr=0.1"]
SPECIAL = [r"100 %_done & more #1 $x^2$", r"{a} ~b ^c \d \end{tabular}", "é, μ · − ± × [x] |y| <z>", "-- --- `s` ?` !` ,, ''t''"]
MANY = [f"a study with a long name, which says a little about everything, number {number}" for number in range(8)]
PACKAGES = r"\usepackage{booktabs,graphicx}"
FONTS = r"\usepackage[T1]{fontenc}\usepackage{lmodern}"

MOST_OVER = 5.0
"""Points by which a line may be too wide: names in sentences are not hyphenated."""

needs_latex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")), reason="there is no pdfLaTeX here: scripts/latex installs it"
)

Compile = Callable[[str, str], str]
"""Compiles the body of an article whose preamble has a line, and returns the printed text."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a_b & 5 % \x {y} ~^#$", r"a\_b \& 5 \% \textbackslash{}x \{y\} \textasciitilde{}\textasciicircum{}\#\$"),
        ("é, μ · − ± τ₁² ½", r"é, $\mu$ $\cdot$ $-$ $\pm$ $\tau$$_1$$^2$ ½"),
        ("e\u0301", "é"),
        ("-4.5 [-6, -3] 1e-5 lr=-1 3-5 a-b", r"$-$4.5 {[}$-$6, $-$3{]} 1e-5 lr=$-$1 3-5 a-b"),
        ("--drop ---", "-{}-drop -{}-{}-"),
        ("'a' is Hedges' ('b')", "`a' is Hedges' (`b')"),
        ("''a'' ,, `b`", r"`'a'{}' ,{}, \textasciigrave{}b\textasciigrave{}"),
        ("a|b <c> d", r"a\textbar{}b $<$c$>$ d"),
        ("a\nb\r\n\n c\td", "a b c d"),
        ("a\x1b[31m", r"a\textbackslash{}x1b{[}31m"),
    ],
)
def test_special_characters(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_table_is_a_float_with_rules_caption_and_label() -> None:
    lines = latex(Table("T_1: all", ("x", "±"), (("[1, 2]", "–"),), ("100 %",))).splitlines()
    assert lines[2:5] == [r"\caption{T\_1: all. 100 \%.}", r"\label{tab:regnet-t}", r"\setlength{\tabcolsep}{4pt}"]
    assert lines[5:11] == [
        rf"{FITTED}\begin{{tabular}}{{lr}}",
        r"\toprule",
        r"x & $\pm$ \\",
        r"\midrule",
        r"{[}1, 2{]} & -- \\",
        r"\bottomrule",
    ]
    assert lines[11:] == [r"\end{tabular}}", r"\end{table}"]


# Compiled


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    def compile_article(body: str, preamble: str) -> str:
        source = "\n".join([r"\documentclass{article}", preamble, r"\begin{document}", body, r"\end{document}", ""])
        (tmp_path / "article.tex").write_text(source, encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "article.tex"]
        for _ in range(2):  # the second time with the numbers of the labels
            done = subprocess.run(
                command, cwd=tmp_path, env=os.environ | {"TEXMFVAR": str(tmp_path)}, capture_output=True, check=False
            )
        log = (tmp_path / "article.log").read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, log[-2000:]
        assert re.findall(r"^(?:!|LaTeX Warning|Missing character).*", log, re.MULTILINE) == []
        assert [
            width for width in re.findall(r"^Overfull \\hbox \(([\d.]+)pt", log, re.MULTILINE) if float(width) > MOST_OVER
        ] == []
        printed = ["pdftotext", "-layout", "-enc", "UTF-8", "article.pdf", "-"]
        return as_printed(subprocess.run(printed, cwd=tmp_path, capture_output=True, check=True).stdout.decode())

    return compile_article


def with_references(body: str) -> str:
    """The same with a reference to each table."""
    labels = re.findall(r"\\label\{(.*?)\}", body)
    assert labels
    return body + "".join(rf" See \ref{{{label}}}." for label in labels)


def studies(names: Iterable[str], data: str = "disc") -> list[StudyResult]:
    rng = np.random.default_rng(0)
    found = []
    for index, name in enumerate(names):
        errors = 0.1 + 0.05 * index + rng.normal(0, 0.01, 12)
        found.append(study(name, errors.tolist(), dataset={"name": data}))
    return found


def as_printed(text: str) -> str:
    """The text with each of several characters of the same look replaced by the same."""
    return unicodedata.normalize("NFKC", text).replace("\N{INCREMENT}", "Δ")


def missing(names: Iterable[str], text: str) -> list[str]:
    """The names that are not printed, with the quotation marks of print."""
    return [name for name in names if as_printed(name.replace("'", "’")) not in text.replace("‘", "’")]


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize("fonts", ["", FONTS], ids=["computer modern", "latin modern"])
@pytest.mark.parametrize("names", [ORDINARY[:1], ORDINARY, SPECIAL, MANY], ids=["one", "ordinary", "special", "many"])
def test_output_of_compare(compiled: Compile, capsys: pytest.CaptureFixture[str], names: list[str], fonts: str) -> None:
    for rules in (Rules(), Rules(design="unpaired", rope=0.5)):
        FORMS["latex"](assess(studies(names), rules=rules))
        text = compiled(with_references(capsys.readouterr().out), PACKAGES + fonts)
        if fonts:  # Computer Modern has no letters with accents and no underscore: they are drawn
            assert missing(names, text) == []


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize("data_sets", [["iris", "wine", "a_b & c"], [f"data_{index}" for index in range(9)]], ids=["few", "many"])
def test_output_of_rank(compiled: Compile, data_sets: list[str]) -> None:
    results = [
        study(f"{data} {rate}", [0.1 + rate, 0.1 + 3 * rate], dataset={"name": data}, optimizer={"name": "s_gd", "lr": rate})
        for data in data_sets
        for rate in (0.01, 0.02, 0.03)
    ]
    assembled = assess_over_data(results)
    body = f"{latex(over_data_table(assembled.found, assembled.measures))}\n{escaped(verdict_over_data(assembled.found))}"
    text = compiled(with_references(body), PACKAGES + FONTS)
    assert missing([*data_sets, "χ2 =", "lr=0.01"], text) == []


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize("names", [ORDINARY, SPECIAL], ids=["ordinary", "special"])
def test_tables_of_a_report(compiled: Compile, names: list[str]) -> None:
    results = studies(names)
    tables = [comparison(results, names, published=True), *metric_tables(results, names)]
    text = compiled(with_references("\n".join(map(latex, tables))), PACKAGES + FONTS)
    assert missing(names, text) == []


@pytest.mark.slow
@needs_latex
def test_every_character_is_printed_as_it_is(compiled: Compile) -> None:
    """ASCII, and characters that LaTeX knows or that are escaped; each is between two letters."""
    characters = [*map(chr, range(0x21, 0x7F)), *"éüšłßñç", *"μτσχφΔΣΩ", *"±·×★–−∞…→≤≥≈²³₁"]
    text = compiled("\n\n".join(f"x{escaped(character)}y" for character in characters), PACKAGES + FONTS)
    lines = ["".join(line.split()) for line in text.splitlines()]
    printed = {line.removeprefix("x").removesuffix("y") for line in lines if line}
    signs = {"'": "’", "★": "⋆"}
    assert [character for character in characters if as_printed(signs.get(character, character)) not in printed] == []


@pytest.mark.slow
@needs_latex
@pytest.mark.parametrize(("letters", "fits"), [(5, True), (200, False)])
def test_only_a_table_wider_than_a_line_is_scaled(compiled: Compile, letters: int, fits: bool) -> None:
    table = latex(Table("Table", ("a", "b"), (("m" * letters, "2"),)))
    scaled = table[table.index(FITTED) : table.index(r"\end{table}")].rstrip()
    plain = scaled.removeprefix(FITTED).removesuffix("}").strip()
    body = "".join(rf"\sbox0{{{box}}}\the\wd0\ " for box in (scaled, plain)) + r"\the\linewidth"
    width, natural, line = (float(number) for number in re.findall(r"([\d.]+)pt", compiled(body, PACKAGES)))
    assert (natural < line) == fits
    assert width == pytest.approx(min(natural, line), abs=0.05)
