"""A figure inside a page: an SVG with a text alternative, with ids that are unique in the page, and with the page's colours."""

from __future__ import annotations

import re
from html import escape

from regnet.report.figures.style import FAINT, INK

THEME = {INK.lower(): "--ink", FAINT.lower(): "--faint", "#000000": "--ink", "#ffffff": "--paper"}
"""The page's CSS property for each colour of a figure that does not show data, as matplotlib writes the colour."""
SVG = re.compile(r"<svg\b[^>]*?viewBox=\"([^\"]*)\"[^>]*>")
LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>|font-family: [^;\"]*; ", re.DOTALL)
"""Parts that only a separate file needs; fonts are taken from the page."""
IDENTITY = re.compile(r"(\bid=\"|url\(#|href=\"#)")
COLOUR = re.compile("|".join(THEME))


def inline(drawing: str, name: str, title: str, description: str) -> str:
    """Return the `<svg>` element of a drawing that `save` wrote, with a title and a description.

    Args:
        drawing: the SVG file's text.
        name: a name that is unique in the page; the ids start with it.
        title: the figure's title.
        description: what the figure shows.
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
