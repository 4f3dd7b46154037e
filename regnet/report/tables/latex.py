"""Tables as LaTeX, for papers: booktabs' rules, and every character that LaTeX reads otherwise escaped."""

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
"""A bracket in braces is never an optional argument of the line before it."""


def latex(table: Table) -> str:
    """The table as a `tabular` under its title, with its notes below; needs the package booktabs."""
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
    """A text as LaTeX takes it."""
    return text.translate(ESCAPED)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
