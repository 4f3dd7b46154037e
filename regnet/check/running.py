"""Run checks: each property separately. A component's errors become findings; a bug in a check is raised."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import torch

from regnet.check.finding import Finding, NeedsOption, Property, Situation, Skip, Violation

Check: TypeAlias = tuple[Property, Callable[[], Iterable[Finding]]]
Stage: TypeAlias = Sequence[Check]
"""Checks that are independent of each other. Results of a later stage mean little if a check of an earlier stage fails."""

FOREIGN = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
"""Folders whose lines are not reported as the source of an error: torch and the check itself."""

KNOWN_ERRORS = (
    (
        "dtype|scalar type|data type|Float.*Double|Double.*Float",
        "a tensor is created without the input's type: use x.new_zeros, torch.zeros_like(x) or dtype=x.dtype",
    ),
    (
        "[Ii]nference|does not require grad|has no grad_fn|grad_fn",
        "uses autograd, which is off in hand-built training (torch.inference_mode)",
    ),
    (
        "Boolean value of Tensor",
        "an option that may be a tensor, with one value for each replica, is used as a boolean: check isinstance(x, Tensor) first",
    ),
)
"""What a torch message means here, each after the pattern that matches it."""


def run_stages(stages: Iterable[Stage]) -> tuple[list[Finding], list[Property], dict[Property, str]]:
    """Run all stages; return the findings, the properties that hold, and the skipped ones with the reason."""
    findings: list[Finding] = []
    passed: list[Property] = []
    skipped: dict[Property, str] = {}
    blocked = ""
    for stage in stages:
        for concerned, check in stage:
            if blocked:
                skipped[concerned] = blocked
                continue
            try:
                found = list(check())
            except Skip as skip:
                skipped[concerned] = str(skip)
            except NeedsOption as needed:
                skipped[concerned] = blocked = str(needed)
            except Violation as violation:
                findings.append(violation.finding(concerned))
            else:
                findings += found
                passed += [] if found else [concerned]
        if findings and not blocked:
            failed = ", ".join(dict.fromkeys(finding.property for finding in findings))
            blocked = f"not meaningful before this holds: {failed}"
    return findings, passed, skipped


@contextmanager
def calling(what: str, situation: Situation | str, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Context manager that turns any exception of a component's code, except the types `passing`, into a violation.

    The violation names the line. Its cause is that of `situation`, or the string, unless the message is a known one.

    Raises:
        Violation: the block raised an exception.
    """
    try:
        yield
    except (Skip, NeedsOption, Violation):
        raise
    except Exception as error:
        if isinstance(error, passing):
            raise
        if isinstance(situation, str):
            situation = Situation(cause=situation)
        message = " ".join(str(error).split())
        known = next((words for pattern, words in KNOWN_ERRORS if re.search(pattern, message)), situation.cause)
        got = f"{type(error).__name__}: {message[:200]}{_line(error)}"
        raise Violation(f"{what}()", "no error", got, known, situation.during) from error


def _line(error: Exception) -> str:
    """The last line of the component's code in the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(FOREIGN)]
    frames = [frame for frame in frames if "contextlib" not in frame.filename and "<" not in frame.filename]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno}: {frames[-1].line})" if frames else ""
