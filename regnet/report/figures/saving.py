"""Writing figures to files: PNG for the screen and SVG for print, the same bytes for the same figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from regnet.report.figures.style import styled


@styled()
def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write `name`.png, at 200 dots per inch, and `name`.svg, with its text as text; neither contains the date.

    The layout is computed first and then fixed, so that both files, and any written later, have the same layout.

    Args:
        figure: the figure to write.
        folder: where to write; created if it does not exist.
        name: the files' name without its suffix.

    Returns:
        The two paths.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    folder.mkdir(parents=True, exist_ok=True)
    picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
    figure.savefig(picture)
    figure.savefig(drawing, metadata={"Date": None})
    return [picture, drawing]
