"""What each column of a table contains: numbers, truth values, dates or words, or nothing to learn from, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regnet.contracts import Column
from regnet.table.formats import (
    ANY_NUMBER,
    FIRST,
    SPACES,
    NumberForm,
    fitting_dates,
    fitting_forms,
    is_gap,
    outline,
    truth_words,
)
from regnet.table.reading import Content

MANY = 100
"""The largest number of different words in a column that is used as a feature."""
FEW_NUMBERS, FEW_STRAY, STRAY_SHARE = 10, 5, 0.2
"""A column of numbers has text among them by mistake if it has more than so many different numbers, and at most so many different
other words, in fewer than that share of its rows. Else its numbers are words like the others, such as 1, 2, 3 and 4+."""
ROWS_A_WORD = 5
"""The smallest number of rows for each different word, on average, in a column that is used without being named."""


@dataclass(frozen=True)
class Forms:
    """How a user says that cells are written; None where that is to be found out."""

    decimal: str | None = None
    thousands: str | None = None
    dates: Literal["day_first", "month_first"] | None = None
    na_values: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """How a column is read, or why it is not used."""

    column: Column
    problem: str = ""
    """Why it cannot be a feature; empty if it can."""
    note: str = ""
    """What else a user should know: how numbers are written, which words are taken for words."""
    doubtful: bool = False
    """Whether it is used only if a user names it."""
    refused: bool = False
    """Whether a user must decide about it, since it is most likely meant to be used."""

    def __str__(self) -> str:
        kind = f"{len(self.column.words)} words" if self.column.kind == "words" else self.column.kind
        return f"{kind} ({self.note})" if self.note else kind


def read_columns(content: Content, forms: Forms) -> dict[str, Reading]:
    """How each column is read. Numbers whose marks are in doubt are read as the other columns of the table are written."""
    texts = {name: present(strings(values), forms) for name, values in content.columns.items() if is_text(values)}
    hard = {name: values.filter(pa.array(~is_gap(values) | _kept(values, forms))) for name, values in texts.items()}
    fitting = {name: fitting_forms(values, forms.decimal, forms.thousands) for name, values in hard.items() if len(values)}
    known = _decimal_mark(fitting.values())
    found = {}
    for name, values in content.columns.items():
        if name in hard:
            form = _choose(content, hard[name], fitting.get(name, []), known)
            if isinstance(form, str):
                found[name] = Reading(Column(name), form, refused=True)
            else:
                found[name] = _read_text(name, texts[name], hard[name], form, forms)
        else:
            found[name] = _read_typed(name, values)
    return {name: _useful(content, reading) for name, reading in found.items()}


def strings(values: pa.Array) -> pa.Array:
    """Texts without spaces around them."""
    return pc.utf8_trim_whitespace(pc.cast(values, pa.large_string()))


def present(values: pa.Array, forms: Forms) -> pa.Array:
    """Texts, with null where one is empty or a word that a user says means a missing value."""
    gaps = pa.array(["", *(forms.na_values or ())], values.type)
    return pc.if_else(pc.is_in(values, gaps), None, values)


def _kept(values: pa.Array, forms: Forms) -> np.ndarray:
    """Which texts are words although they usually mean a missing value, since a user says which words do."""
    return np.asarray(values.is_valid()) & (forms.na_values is not None)


def is_text(values: pa.Array) -> bool:
    """Whether a column is text whose meaning is to be found out."""
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type))


def _decimal_mark(fitting: Iterable[list[NumberForm]]) -> str | None:
    """The decimal mark that columns of the table must have; None if no column, or not every one, tells."""
    sure = {forms[0].decimal for forms in fitting if forms and len({form.decimal for form in forms}) == 1}
    return sure.pop() if len(sure) == 1 else None


def _choose(content: Content, values: pa.Array, fitting: list[NumberForm], known: str | None) -> NumberForm | str | None:
    """The form of a column's numbers, None if they are no numbers; or why it is in doubt."""
    if not fitting:
        return None
    marked = pc.any(pc.match_substring_regex(values, f"[0-9][.,'’{SPACES}][0-9]")).as_py()
    if not marked or len(fitting) == 1:
        return fitting[0]
    commas = values.filter(pc.match_substring(values, ","))
    if known is None and content.points_doubtful and len(commas) and len({form.decimal for form in fitting}) > 1:
        doubt = f"numbers such as {commas[0].as_py()}, whose comma is a decimal mark or one between thousands"
        return f"{doubt}: set dataset.decimal=',' or dataset.thousands=','"
    return next((form for form in fitting if form.decimal == known), fitting[0])


def _read_text(name: str, texts: pa.Array, hard: pa.Array, form: NumberForm | None, forms: Forms) -> Reading:
    column = Column(name, missing=forms.na_values)
    if not len(hard):
        gaps = sorted(pc.unique(texts.drop_null()).to_pylist())
        keep = f"no values, only {', '.join(gaps[:3])}: dataset.na_values=[] makes them words"
        return Reading(column, keep if gaps else "no values")
    if form is not None and not (form == NumberForm() and pc.any(pc.match_substring_regex(hard, "^0[0-9]")).as_py()):
        marks = {"decimal": form.decimal, "thousands": form.thousands, "before": form.before, "after": form.after}
        return Reading(replace(column, **marks), note=str(form))  # type: ignore[arg-type]
    words = tuple(sorted(pc.unique(hard).to_pylist()))
    truth = truth_words(words)
    if truth:
        return Reading(replace(column, kind="truth values", words=truth), note=f"{truth[1]} is 1")
    return _read_dates(column, hard, forms) or _read_words(column, texts, hard, form)


def _read_dates(column: Column, hard: pa.Array, forms: Forms) -> Reading | None:
    dates = fitting_dates(hard, forms.dates)
    if not dates:
        return None
    months, days = (any(form.startswith(FIRST[order]) for form in dates) for order in ("month_first", "day_first"))
    if months and days:
        problem = f"dates such as {hard[0].as_py()} whose day and month are in doubt: set dataset.dates=day_first or month_first"
        return Reading(column, problem, refused=True)
    return Reading(replace(column, kind="dates", date_form=dates[0]), note=f"days, written as {dates[0]}")


def _read_words(column: Column, texts: pa.Array, hard: pa.Array, form: NumberForm | None) -> Reading:
    if form is None and len(hard) and pc.all(pc.match_substring_regex(hard, ANY_NUMBER)).as_py():
        start = hard[0].as_py()
        other = next((value for value in hard.to_pylist() if outline(value) != outline(start)), hard[-1].as_py())
        return Reading(column, f"numbers written in different ways, such as {start} and {other}", refused=True)
    words = tuple(sorted(pc.unique(texts.drop_null()).to_pylist()))
    stray, refused = _stray(texts)
    note = "with leading zeros" if form else stray
    usual = [word for word in words if is_gap(pa.array([word]))[0]]
    if usual and not note:
        note = f"{usual[0]!r} is one of them, dataset.na_values=[{usual[0]}] makes it missing"
    reading = Reading(replace(column, kind="words", words=words), note=note)
    if refused:
        return replace(reading, problem=note, refused=True)
    few = f"{len(words)} different words in {len(texts)} rows{f' ({note})' if note else ''}"
    if len(words) > MANY:
        return replace(reading, problem=f"{few}, at most {MANY} can be features")
    if len(words) * ROWS_A_WORD > len(texts):
        return replace(reading, problem=f"{few}: name it in dataset.features to use it", doubtful=True)
    return reading


def _stray(texts: pa.Array) -> tuple[str, bool]:
    """The first word among texts most of which are numbers, and its row, counted from 1; and whether words are exceptions there."""
    plain = pc.fill_null(pc.match_substring_regex(texts, rf"^[+-]?{NumberForm().pattern}$"), False).to_numpy(zero_copy_only=False)
    other = ~(plain | is_gap(texts))
    if not plain.any() or not other.any() or plain.sum() <= other.sum():
        return "", False
    row = int(np.flatnonzero(other)[0])
    word = texts[row].as_py()
    few = pc.count_distinct(texts.filter(pa.array(other))).as_py() <= FEW_STRAY and other.sum() < STRAY_SHARE * plain.sum()
    many = pc.count_distinct(texts.filter(pa.array(plain))).as_py() > FEW_NUMBERS
    return f"text among its numbers, {word!r} in row {row + 1}; dataset.na_values=[{word}] makes it missing", few and many


def _read_typed(name: str, values: pa.Array) -> Reading:
    kind = values.type
    column = Column(name)
    if values.null_count == len(values):
        return Reading(column, "no values")
    if pa.types.is_boolean(kind):
        return Reading(replace(column, kind="truth values", words=TRUE_FALSE), note="true is 1")
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Reading(replace(column, kind="dates"), note="days")
    if pa.types.is_dictionary(kind):
        texts = strings(pc.cast(values, kind.value_type))
        return _read_words(column, texts, texts[:0], None)
    seconds = pa.types.is_duration(kind) or pa.types.is_time(kind)
    number = seconds or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return Reading(column, "" if number else f"{kind} values, neither numbers nor text", "seconds" if seconds else "")


TRUE_FALSE = ("false", "true")


def _useful(content: Content, reading: Reading) -> Reading:
    """The reading, with a problem if nothing can be learned from the column."""
    name = reading.column.name
    if reading.problem:
        return reading
    if name in content.unnamed:
        return replace(
            reading, problem="it has no name, as row numbers have none: name it in dataset.features to use it", doubtful=True
        )
    values = content.columns[name]
    if reading.column.kind == "numbers" and is_text(values) and _too_long(values):
        return replace(reading, problem="whole numbers beyond 2⁵³ that a computer's numbers do not tell apart")
    return reading


def _too_long(values: pa.Array) -> bool:
    """Whether whole numbers have more digits than float64, and become equal in it."""
    texts = strings(values).drop_null()
    if not pc.any(pc.match_substring_regex(texts, r"^[+-]?[0-9]{16,}$")).as_py():
        return False
    different = {float(text) for text in texts.to_pylist() if text.lstrip("+-").isdecimal()}
    return len(different) < int(pc.count_distinct(texts).as_py())
