"""Tables as LaTeX, for papers: with booktabs' rules, and LaTeX's special characters escaped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from regnet.escape import visible
from regnet.report.tables.table import Table

NOTHING: Final = "\0"
"""Stands for a place between two characters that LaTeX would print as another."""
GREEK: Final = {
    "αβγδεζηθικλμν": "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu",
    "ξπρςστυφχψω": "xi pi rho varsigma sigma tau upsilon varphi chi psi omega",
    "ΓΔΘΛΞΠΣΥΦΨΩ": "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
}
ESCAPED: Final = str.maketrans(
    {
        NOTHING: "{}",
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "|": r"\textbar{}",
        "`": r"\textasciigrave{}",
        "‘": "`",
        "’": "'",
        **{character: f"\\{character}" for character in "&%$#_"},
        **{letter: rf"$\{name}$" for letters, names in GREEK.items() for letter, name in zip(letters, names.split(), strict=True)},
        **{digit: f"$^{index}$" for index, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **{digit: f"$_{index}$" for index, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
        "µ": r"$\mu$",
        "<": "$<$",
        ">": "$>$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "≠": r"$\neq$",
        "≈": r"$\approx$",
        "√": r"$\surd$",
        "±": r"$\pm$",
        "·": r"$\cdot$",
        "×": r"$\times$",
        "★": r"$\star$",
        "–": "--",
        "−": "$-$",
        "∞": r"$\infty$",
        "…": r"\ldots{}",
        "→": r"$\to$",
        "[": "{[}",
        "]": "{]}",
    }
)
"""Brackets are put in braces, so that LaTeX does not read them as an optional argument of the line before."""
MINUS: Final = re.compile(r"(?<![\w.)\]-])-(?=\d)")
OPENING: Final = re.compile(r"(?<![^\s(\[{=])'(?=\S)")
LIGATURE: Final = re.compile(r"([-',])(?=\1)")
"""Characters that LaTeX joins: two hyphens would be a dash."""
FITTED: Final = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{"
"""Scales down what is wider than a line."""


def latex(table: Table) -> str:
    """Return the table as a float with a caption, which has its notes, and a label; it needs the packages booktabs and graphicx.

    A table that is wider than a line is scaled down.
    """
    columns = "l" + "r" * (len(table.headings) - 1)
    caption = " ".join(text if text.endswith(".") else f"{text}." for text in (table.title, *table.notes))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:{label(table.title)}}}",
        r"\setlength{\tabcolsep}{4pt}",
        rf"{FITTED}\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(table.headings),
        r"\midrule",
        *map(_line, table.rows),
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def label(title: str) -> str:
    """Return a title's first words as a label: ``regnet-average-ranks``."""
    words = re.findall(r"[a-z]+", title.partition(":")[0].lower())
    return "-".join(["regnet", *words])


def escaped(text: str) -> str:
    """Escape a text for LaTeX, as one line that is printed as it is, with minus signs and quotation marks of print.

    Of characters beyond ASCII, pdfLaTeX prints Latin letters with accents and those in `ESCAPED`; others take XeLaTeX or LuaLaTeX.
    """
    line = visible(" ".join(unicodedata.normalize("NFC", text).split()))
    line = OPENING.sub("‘", MINUS.sub("−", line))
    return LIGATURE.sub(rf"\1{NOTHING}", line).translate(ESCAPED)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
