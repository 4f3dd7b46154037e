"""A figure inside a page: an SVG that tells what it shows, keeps its ids to itself and is light or dark as the page is."""

from __future__ import annotations

import re
from html import escape

from regnet.report.figures.style import FAINT, INK

THEME = {INK.lower(): "--ink", FAINT.lower(): "--faint", "#000000": "--ink", "#ffffff": "--paper"}
"""The page's property for each of a figure's colours that is not data, as matplotlib writes it."""
SVG = re.compile(r"<svg\b[^>]*?viewBox=\"([^\"]*)\"[^>]*>")
LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>|font-family: [^;\"]*; ", re.DOTALL)
"""What belongs to a file of its own; the fonts are the page's."""
IDENTITY = re.compile(r"(\bid=\"|url\(#|href=\"#)")
COLOUR = re.compile("|".join(THEME))


def inline(drawing: str, name: str, title: str, description: str) -> str:
    """The `<svg>` element of a drawing that `save` wrote, with a title and a description.

    Args:
        drawing: the SVG file's text.
        name: what no other drawing in the page is called; its ids begin with it.
        title: what it is.
        description: what it shows.
    """
    drawn = LEFT_OUT.sub("", drawing)
    start = SVG.search(drawn)
    assert start is not None, "matplotlib gives every SVG a viewBox"
    body = IDENTITY.sub(rf"\g<1>{name}-", drawn[start.end() :].strip())
    body = COLOUR.sub(lambda found: f"var({THEME[found[0]]})", body)
    width = float(start[1].split()[2])
    opening = (
        f'<svg role="img" aria-labelledby="{name}-title {name}-description" viewBox="{start[1]}" style="max-width: {width:.0f}pt" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return (
        f'{opening}<title id="{name}-title">{escape(title)}</title><desc id="{name}-description">{escape(description)}</desc>{body}'
    )
