"""Overrides such as ``optimizer.lr=0.01``: read by Hydra's grammar, with errors that say how to write what was meant."""

from __future__ import annotations

import re
import shlex
from itertools import accumulate
from typing import Any, Final

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException
from hydra.grammar.gen.OverrideLexer import OverrideLexer
from hydra.grammar.gen.OverrideParser import OverrideParser

from regnet.errors import ConfigError

DEEPEST: Final = 50
"""The largest number of brackets within each other."""
KEY: Final = re.compile(r"(\+\+?|~)?[\w$-]+([./@:][\w$:-]+)*", re.ASCII)


def override(key: str, value: object) -> str:
    """Return the override that sets an option to a text, whatever characters it has."""
    text = str(value).replace("${", "\\${")
    quote = Quote.single if '"' in text else Quote.double
    return f"{key}={QuotedString(text, quote).with_quotes()}"


def parse(text: str) -> Override:
    """Parse an override.

    Raises:
        ConfigError: it cannot be parsed; the message names the character, and a form that can.
    """
    if max(accumulate((character in "[{(") - (character in "]})") for character in text), default=0) > DEEPEST:
        raise ConfigError(f"{text[:60]}…: has more than {DEEPEST} brackets within each other")
    try:
        return OverridesParser.create().parse_overrides([text])[0]
    except HydraException as error:
        raise ConfigError(_explain(text)) from error


def written(key: str, value: Any) -> str:
    """Return the override that sets an option to a parsed value, which may have quotes, mappings and lists in it."""
    return f"{key}={Override._get_value_element_as_str(value)}"


def _explain(text: str) -> str:
    key, equals, value = text.partition("=")
    if text.startswith("-"):
        advice = f": write {text.lstrip('-')}" if equals else ": `regnet run --help` lists what can be set"
        return f"{text} is no option of regnet run, and options of the configuration have no dashes{advice}"
    if not equals:
        return f"{text} is no override: write KEY=VALUE, such as epochs=20 (`regnet run --help` lists what can be set)"
    if (
        not key.strip("+~").replace(".", "").replace("/", "").replace("@", "").replace("_", "").replace(":", "").isalnum()
        or not key.isascii()
    ):
        return f"{text}: {key!r} is no key of the configuration (`regnet run --help` lists what can be set)"
    column = _column(text)
    where = f"{text[column]!r} at character {column + 1} cannot be read" if column < len(text) else "its end is missing"
    literal = override(key, value)
    if (column >= len(text) and value[:1] in tuple("[{'\"")) or value.rstrip().endswith(","):
        return f"{text}: {where}: close every bracket and quote, and put a value behind every comma"
    return f"{text}: {where}; to mean the text as it is, quote it for Hydra and for the shell: {shlex.quote(literal)}"


class _First(ErrorListener):  # type: ignore[misc]
    """Stops at the first error, and keeps its column."""

    column = 0

    def syntaxError(self, *arguments: Any) -> None:  # noqa: N802
        _, _, _, self.column, message, _ = arguments
        raise ValueError(message)


def _column(text: str) -> int:
    """Return the position of the first character that does not fit Hydra's grammar."""
    listener = _First()
    lexer = OverrideLexer(InputStream(text))
    parser = OverrideParser(CommonTokenStream(lexer))
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(listener)
    try:
        parser.override()  # type: ignore[no-untyped-call]
    except ValueError:
        return listener.column
    return len(text)
