"""Text for outputs that cannot show every character: readable substitutes for characters that the output's encoding lacks.

A terminal or a pipe in an ASCII or Latin-1 locale cannot show ``√``. No output can show bytes of a file name that are not
characters in the locale, which Python keeps as surrogates.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import unicodedata
from typing import Final

SUBSTITUTE: Final = "regnet.substitute"
"""The codec error handler that replaces characters that cannot be encoded."""

STANDS_FOR: Final = {
    "-": "·–—‐‑‒―−",
    "'": "‘’‚‛‹›′",
    '"': "“”„‟«»″",
    "...": "…⋯",
    "*": "★☆•⋅∙⊙",
    "+-": "±",
    "x": "×✗✘",
    "/": "÷⁄∕",
    "~": "≈∼",
    "!=": "≠",
    "<=": "≤",
    ">=": "≥",
    "<-": "←",
    "->": "→↦",
    "<->": "↔",
    "=>": "⇒",
    "[": "⌊⌈",
    "]": "⌋⌉",
    "sqrt ": "√",
    "sum ": "∑",
    "inf": "∞",
    "d": "∂đð",
    "u": "µ",
    " deg": "°",
    "section ": "§",
    "(c)": "©",
    "ok": "✓✔",
    "EUR": "€",
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø∘",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "D": "ĐÐ",
    "th": "þ",
    "Th": "Þ",
    "i": "ı",
}
"""Characters by their substitute. Other characters are decomposed: ``é`` is ``e``, ``½`` is ``1/2``, ``χ`` is ``chi``."""
SUBSTITUTES: Final = {character: substitute for substitute, characters in STANDS_FOR.items() for character in characters}

GREEK: Final = re.compile(r"GREEK (?P<size>SMALL|CAPITAL) LETTER (?:FINAL )?(?P<letter>[A-Z]+)")
SUPERSCRIPTS: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿˣʸᵀᵗᵏᵐ]+")
OTHER_SURROGATES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that do not stand for a byte."""
UNKNOWN: Final = "?"


def degrade_output() -> None:
    """Make standard output and standard error substitute characters that they cannot encode, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SUBSTITUTE)


def encodable(text: str, encoding: str) -> str:
    """Return the text as a stream of that encoding shows it, for layouts that depend on its length."""
    return well_formed(text).encode(encoding, SUBSTITUTE).decode(encoding)


def well_formed(text: str) -> str:
    """Return the text without surrogates: bytes of a file name are decoded as UTF-8; what is not UTF-8 becomes U+FFFD."""
    if text.isascii():
        return text
    return OTHER_SURROGATES.sub("\ufffd", text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_utf8(text: bytes) -> bool:
    """Return whether bytes are text in UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def in_ascii(text: str) -> str:
    """Return the text with a substitute for every character that is not in ASCII."""
    marked = SUPERSCRIPTS.sub(lambda run: f"^{run[0]}", well_formed(text))
    return "".join(map(_character, marked))


def _character(character: str) -> str:
    if character.isascii():
        return character
    if character in SUBSTITUTES:
        return SUBSTITUTES[character]
    if greek := GREEK.match(unicodedata.name(character, "")):
        return greek["letter"].lower() if greek["size"] == "SMALL" else greek["letter"].capitalize()
    parts = unicodedata.normalize("NFKD", character)
    if parts != character:
        return "".join(map(_character, parts))
    return "" if unicodedata.combining(character) else UNKNOWN


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


codecs.register_error(SUBSTITUTE, _substitute)
