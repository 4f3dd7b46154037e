"""Tables as LaTeX, for papers: with booktabs' rules, and LaTeX's special characters escaped."""

from __future__ import annotations

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
        "[": "{[}",
        "]": "{]}",
    }
)
"""Brackets are put in braces, so that LaTeX does not read them as an optional argument of the line before."""


def latex(table: Table) -> str:
    """Return the table as a `tabular` under its title, with its notes below; it needs the package booktabs."""
    body = "\n".join(_line(row) for row in table.rows)
    columns = "l" + "r" * (len(table.headings) - 1)
    lines = [
        rf"\textbf{{{escaped(table.title)}}}\par\medskip",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(table.headings),
        r"\midrule",
        body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "".join(f"\n\n{escaped(note)}" for note in table.notes) + "\n"


def escaped(text: str) -> str:
    """Escape a text for LaTeX."""
    return text.translate(ESCAPED)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
