"""How numbers, dates and truth values are written in text: find the form that all values of a column have, and read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

GAPS = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "nan", "-nan", "null", "none", "nil", "nat", "?", "-", "--", ".", "inf", "-inf", "+inf")
) | {"infinity", "-infinity", "missing", "#div/0!", "#value!", "#null!", "#num!"}
"""The words, in small letters, that mean a missing or infinite value among numbers, dates or truth values."""
TRUTH = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
"""The pairs of words that are read as 0 and 1."""
MINUS = "\u2212"
"""The typographic minus sign."""
SPACES = " \u00a0\u202f\u2009"
"""The spaces that are written between digits."""
SIGN = rf"[+\-{MINUS}]?"
EXPONENT = r"(?:[eE][+\-]?[0-9]+)?"
BEFORE = r"[$€£¥₹]?"
AFTER = r"[ \u00a0]?(?:[%‰°$€£¥₹]|[A-Za-zµ°Ω][A-Za-zµ°Ω/²³]{0,5})?"
"""A sign or a unit of up to six letters."""


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written."""

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    """A sign in front of every number, such as ``$``."""
    after: str = ""
    """A unit behind every number, such as ``%`` or ``kg``."""

    def __str__(self) -> str:
        parts = [f"decimal mark {self.decimal!r}" if self.decimal != "." else ""]
        parts += [f"thousands mark {self.thousands!r}" if self.thousands else "", self.before and f"in {self.before}"]
        parts += [f"in {self.after.strip()}" if self.after else ""]
        return ", ".join(part for part in parts if part)

    @property
    def pattern(self) -> str:
        """A regular expression for one number with its sign, without what is before and after it."""
        digits = r"[0-9]+" if not self.thousands else rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:[{_in_class(self.thousands)}][0-9]{{3}})+)"
        point = re.escape(self.decimal)
        return rf"(?:{digits}(?:{point}[0-9]*)?|{point}[0-9]+){EXPONENT}"


MARKS = tuple(
    NumberForm(decimal, thousands)
    for decimal, thousands in [(".", ""), (".", ","), (".", " "), (".", "'"), (",", ""), (",", "."), (",", " "), (",", "'")]
)
"""The usual marks, in the order of preference."""


def _in_class(mark: str) -> str:
    """The mark within the brackets of a regular expression; a space stands for all of SPACES."""
    return SPACES if mark == " " else "'’" if mark == "'" else re.escape(mark)


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any of the usual forms, or a gap among numbers."""
    text = cell.strip()
    return text.lower() in GAPS or any(re.fullmatch(f"{SIGN}{form.pattern}", text) for form in MARKS)


def is_decimal(cell: str) -> bool:
    """Whether a cell is a number with a fraction."""
    return re.fullmatch(rf"{SIGN}[0-9]*[.,][0-9]+{EXPONENT}", cell.strip()) is not None


SIGNS = "[%‰°$€£¥₹]?"
ANY_NUMBER = f"^{SIGN}{SIGNS}{SIGN}(?:{'|'.join(form.pattern for form in MARKS)}){SIGNS}$"
"""A regular expression for a number in any form, with a sign before or after it."""


def outline(value: str) -> str:
    """A number without its digits, which shows how it is written."""
    return re.sub("[0-9]+", "", value)


def fitting_forms(values: pa.Array, decimal: str | None, thousands: str | None) -> list[NumberForm]:
    """The forms that every value has; empty if there is none.

    Args:
        values: texts without spaces around them, none of them missing.
        decimal: the only decimal mark to consider.
        thousands: the only thousands mark to consider.
    """
    units = _units(values)
    if units is None:
        return []
    before, after = units
    return [
        replace(form, before=before, after=after)
        for form in _candidates(decimal, thousands)
        if pc.all(pc.match_substring_regex(values, _whole(form, before, after))).as_py()
    ]


def _candidates(decimal: str | None, thousands: str | None) -> Iterator[NumberForm]:
    marks = [form for form in MARKS if form.decimal == (decimal or form.decimal)] or [NumberForm(decimal or ".")]
    if thousands is None:
        yield from marks
    else:
        yield from dict.fromkeys(replace(form, thousands=thousands) for form in marks if form.decimal != thousands)


def _whole(form: NumberForm, before: str, after: str) -> str:
    start, end = re.escape(before), re.escape(after)
    return rf"^(?:{SIGN}{start}{form.pattern}{end}|{start}{SIGN}{form.pattern}{end}|\({start}{form.pattern}{end}\))$"


def _units(values: pa.Array) -> tuple[str, str] | None:
    """What is before and after the number of every value; None if that is not the same in all, or they are no numbers."""
    first = values[0].as_py()
    found = re.fullmatch(rf"\(?{SIGN}({BEFORE}){SIGN}[0-9.,'’{SPACES}]*?[0-9.]{EXPONENT}({AFTER})\)?", first)
    return (found[1], found[2]) if found else None


def parse_numbers(values: pa.Array, form: NumberForm) -> tuple[np.ndarray, np.ndarray]:
    """The numbers, NaN where there is none, and which values are neither numbers nor missing.

    Args:
        values: texts without spaces around them, or null.
        form: how the numbers are written.
    """
    fits = pc.fill_null(pc.match_substring_regex(values, _whole(form, form.before, form.after)), False)
    plain = pc.if_else(fits, values, None)
    for mark in (form.before, form.after):
        plain = pc.replace_substring(plain, mark, "") if mark else plain
    if form.thousands:
        plain = pc.replace_substring_regex(plain, f"[{_in_class(form.thousands)}]", "")
    if form.decimal != ".":
        plain = pc.replace_substring(plain, form.decimal, ".")
    for pattern, by in ((MINUS, "-"), (r"^\((.*)\)$", r"-\1"), (r"^\+", "")):
        plain = pc.replace_substring_regex(plain, pattern, by)
    numbers = pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return numbers, ~(fits.to_numpy(zero_copy_only=False) | is_gap(values))


def is_gap(values: pa.Array) -> np.ndarray:
    """Which texts are null, or mean a missing value among numbers, dates or truth values."""
    gaps = pc.is_in(pc.utf8_lower(values), pa.array(sorted(GAPS), values.type))
    return np.asarray(pc.or_(pc.is_null(values), gaps).to_numpy(zero_copy_only=False))


DATES: tuple[str, ...] = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%y",
)
DATES += ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y", "%Y-%m")
TIMES: tuple[str, ...] = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S.%f",
    "T%H:%M",
    "T%H:%M:%S",
    "T%H:%M:%S.%f",
    " %H:%M:%S%z",
    "T%H:%M:%S%z",
)
TIMES += ("T%H:%M:%S.%f%z", " %H:%M:%S.%f%z", " %I:%M %p", " %I:%M:%S %p")
ALONE = ("%H:%M", "%H:%M:%S")
MIXED = ("ISO8601",)
"""Dates with and without a time in one column, as ISO 8601 has them."""
LOOKS_LIKE_DATE = r"^[0-9]{1,4}[./\- ][0-9A-Za-z]{1,9}[./\- ]?[0-9]{0,4}|^[A-Za-z]{3,9} [0-9]{1,2},? [0-9]{4}|^[0-9]{1,2}:[0-9]{2}"
"""What the first value of a column of dates looks like: other columns are not compared with every form."""
FIRST = {"day_first": ("%d/%m/%Y", "%d-%m-%Y"), "month_first": ("%m/%d/%Y", "%m-%d-%Y")}


def fitting_dates(values: pa.Array, order: str | None) -> list[str]:
    """The forms, as `strptime` has them, that every value has; empty if there is none.

    Args:
        values: texts without spaces around them, none of them missing.
        order: ``day_first`` or ``month_first`` for dates with slashes or hyphens; None to consider both.
    """
    if not re.match(LOOKS_LIKE_DATE, values[0].as_py()):
        return []
    other = {"day_first": FIRST["month_first"], "month_first": FIRST["day_first"]}.get(order or "", ())
    forms = [date + time for date in DATES if date not in other for time in TIMES] + [*ALONE, *MIXED]
    few = values[: min(len(values), 50)]
    forms = [form for form in forms if not np.isnan(parse_dates(few, form)).any()]
    return [form for form in forms if not np.isnan(parse_dates(values, form)).any()]


def parse_dates(values: pa.Array, form: str) -> np.ndarray:
    """The days since 1970-01-01, or fractions of a day for times alone; NaN where a text does not have the form."""
    series = pd.Series(values.to_pandas(), dtype=object)
    found = pd.to_datetime(series, format=form, errors="coerce", utc=True)
    days = (found - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return np.asarray(days - (np.floor(days) if form in ALONE else 0.0), dtype=float)


def truth_words(words: Sequence[str]) -> tuple[str, str] | None:
    """The pair, in small letters, that all these words belong to; None if there is none."""
    small = {word.lower() for word in words}
    return next((pair for pair in TRUTH if small == set(pair)), None)
