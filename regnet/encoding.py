"""Text for outputs that cannot show every character: readable substitutes for those that the output's encoding lacks.

A terminal or a pipe in an ASCII or Latin-1 locale has no ``√``, and none has the bytes of a file name that are no characters in the
locale, which Python keeps as surrogates.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import unicodedata
from typing import Final

SUBSTITUTE: Final = "regnet.substitute"
"""The codec error handler that puts a substitute where a character cannot be encoded."""

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
"""What is written for characters. Those that are not here are decomposed: ``é`` is ``e``, ``½`` is ``1/2``, ``χ`` is ``chi``."""
SUBSTITUTES: Final = {character: substitute for substitute, characters in STANDS_FOR.items() for character in characters}

GREEK: Final = re.compile(r"GREEK (?P<size>SMALL|CAPITAL) LETTER (?:FINAL )?(?P<letter>[A-Z]+)")
SUPERSCRIPTS: Final = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿˣʸᵀᵗᵏᵐ]+")
OTHER_SURROGATES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Those that do not stand for a byte."""
UNKNOWN: Final = "?"


def degrade_output() -> None:
    """Has standard output and standard error substitute what they cannot encode, where they would raise an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=SUBSTITUTE)


def encodable(text: str, encoding: str) -> str:
    """The text as a stream of that encoding shows it: what lines text up in columns has to know its length."""
    return well_formed(text).encode(encoding, SUBSTITUTE).decode(encoding)


def well_formed(text: str) -> str:
    """The text without surrogates: the bytes of a file name are read as UTF-8; what is not UTF-8 becomes U+FFFD."""
    if text.isascii():
        return text
    return OTHER_SURROGATES.sub("\ufffd", text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_utf8(text: bytes) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def in_ascii(text: str) -> str:
    """The text with a substitute for every character that is not in ASCII."""
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
