"""Tables as LaTeX, for papers: with booktabs' rules, and LaTeX's special characters escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from regnet.report.tables.table import Table

ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_"},
        "<": "$<$",
        ">": "$>$",
        "±": r"$\pm$",
        "·": r"$\cdot$",
        "×": r"$\times$",
        "★": r"$\star$",
        "²": "$^2$",
        "–": "--",
        "−": "$-$",
        "χ": r"$\chi$",
        "∞": r"$\infty$",
        "…": r"\ldots{}",
        "→": r"$\to$",
        "[": "{[}",
        "]": "{]}",
    }
)
"""Brackets are put in braces, so that LaTeX does not read them as an optional argument of the line before."""


def latex(table: Table) -> str:
    """Return the table as a float with a caption, which has its notes, and a label; it needs the package booktabs."""
    columns = "l" + "r" * (len(table.headings) - 1)
    caption = " ".join(text if text.endswith(".") else f"{text}." for text in (table.title, *table.notes))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:{label(table.title)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(table.headings),
        r"\midrule",
        *map(_line, table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def label(title: str) -> str:
    """Return a title's first words as a label: ``regnet-average-ranks``."""
    words = re.findall(r"[a-z]+", title.partition(":")[0].lower())
    return "-".join(["regnet", *words])


def escaped(text: str) -> str:
    """Escape a text for LaTeX."""
    return text.translate(ESCAPED)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
