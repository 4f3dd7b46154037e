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

from regnet.credentials import hide_loosely
from regnet.errors import ConfigError
from regnet.escape import visible

DEEPEST: Final = 50
"""The largest number of brackets within each other."""
MARK: Final = "\\${"
"""What stands for the text that begins an interpolation."""
FUNCTION: Final = re.compile(r"[^\n]*(evaluating|calling|[Uu]nknown function|parsing function)[^\n]*", re.DOTALL)
"""What Hydra says of a function of its grammar, such as range, that cannot be called."""
KEY: Final = re.compile(r"(\+\+?|~)?[\w$-]+([./@:][\w$:-]+)*", re.ASCII)


def override(key: str, value: object) -> str:
    """Return the override that sets an option to a text, whatever characters it has."""
    return f"{key}={quoted(str(value).replace('${', MARK))}"


def quoted(value: Any) -> str:
    """Return a value of a parsed override, in the form of the grammar, with quotes around every text."""
    return str(Override._get_value_element_as_str(_in_quotes(value)))


def unquoted(value: Any) -> Any:
    """Return a part of a parsed override as plain Python values."""
    return Override._convert_value(value)


def _in_quotes(value: Any) -> Any:
    if isinstance(value, str):
        return QuotedString(value, Quote.single if '"' in value else Quote.double)
    if isinstance(value, dict):
        return {key: _in_quotes(item) for key, item in value.items()}
    return [_in_quotes(item) for item in value] if isinstance(value, list) else value


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
        raise ConfigError(visible(_explain(text, str(error)))) from error


def written(key: str, value: Any) -> str:
    """Return the override that sets an option to a parsed value, which may have quotes, mappings and lists in it."""
    return f"{key}={Override._get_value_element_as_str(value)}"


def _explain(text: str, reason: str) -> str:
    column, text = _column(text), hide_loosely(text)
    key, equals, value = text.partition("=")
    if text.startswith("-"):
        advice = f": write {text.lstrip('-')}" if equals else ": `regnet run --help` lists what can be set"
        return f"{text} is no option of regnet run, and options of the configuration have no dashes{advice}"
    if not equals:
        return f"{text} is no override: write KEY=VALUE, such as epochs=20 (`regnet run --help` lists what can be set)"
    if not KEY.fullmatch(key):
        return f"{text}: {key!r} is no key of the configuration (`regnet run --help` lists what can be set)"
    if column >= len(text) and (problem := FUNCTION.search(reason)):
        return f"{text}: {problem[0]}"
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
