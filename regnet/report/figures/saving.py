"""Writing figures to files: a picture for the screen and a drawing for paper, the same bytes for the same figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from regnet.report.figures.style import styled


@styled()
def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Writes `name`.png, 200 dots an inch, and `name`.svg, its text as text; neither tells the date.

    What goes where is settled first, for good: both files have the same layout, and so has whatever is written of it later.

    Args:
        figure: what to write.
        folder: where to; made if it does not exist.
        name: the files' name without its ending.

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
