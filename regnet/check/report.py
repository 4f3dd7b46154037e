"""The result of one component's check: as text, a few lines for each finding, or as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import Any, Literal, TypeAlias

from regnet.check.finding import Finding, Property

State: TypeAlias = Literal["passed", "failed", "unchecked"]

WIDTH = 132
LABEL = 14


@dataclass(frozen=True)
class Report:
    """The result of one component's check."""

    kind: str
    name: str
    origin: str
    """The distribution and its version; empty if the component comes from no distribution."""
    findings: tuple[Finding, ...]
    passed: tuple[Property, ...]
    skipped: Mapping[Property, str]
    """Properties that could not be checked or do not apply, with the reason."""

    @property
    def failed(self) -> tuple[Property, ...]:
        """The properties that do not hold, each once."""
        return tuple(dict.fromkeys(finding.property for finding in self.findings))

    @property
    def state(self) -> State:
        """``failed`` with any finding, ``unchecked`` if no property could be checked for lack of an option, else ``passed``."""
        if self.findings:
            return "failed"
        return "passed" if self.passed else "unchecked"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "origin": self.origin,
            "state": self.state,
            "findings": [finding.as_dict() for finding in self.findings],
            "passed": [passed.value for passed in self.passed],
            "skipped": {skipped.value: reason for skipped, reason in self.skipped.items()},
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, *, verbose: bool = False) -> Iterator[str]:
        """The report line by line; the names of passed and skipped properties are listed only if `verbose`."""
        yield f"{self._title()}: {self._summary()}"
        for same in _by_cause(self.findings):
            yield ""
            yield from _finding_lines(same)
        shown = verbose or self.state == "unchecked"
        if shown and self.passed:
            yield from _labelled("passed", ", ".join(self.passed))
        if shown:
            for reason in dict.fromkeys(self.skipped.values()):
                names = [skipped for skipped, why in self.skipped.items() if why == reason]
                yield from _labelled("skipped", f"{', '.join(names)}: {reason}")

    def _title(self) -> str:
        return f"{self.kind} {self.name}" + (f" ({self.origin})" if self.origin else "")

    def _summary(self) -> str:
        if self.state == "unchecked":
            return "could not be checked"
        held, judged = len(self.passed), len(self.passed) + len(self.failed)
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{'ok, ' if self.state == 'passed' else ''}{held} of {judged} properties hold{skipped}"


def _by_cause(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings in order, grouped by name and cause."""
    order: dict[tuple[str, str], int] = {}
    for finding in findings:
        order.setdefault((finding.name, finding.cause), len(order))

    def group_index(finding: Finding) -> int:
        return order[finding.name, finding.cause]

    return [list(group) for _, group in groupby(sorted(findings, key=group_index), key=group_index)]


def _finding_lines(same: Sequence[Finding]) -> Iterator[str]:
    first, *others = same
    yield f"  {first.property}"
    yield from _labelled("where", first.where)
    yield from _labelled("expected", first.expected)
    yield from _labelled("got", first.got)
    yield from _labelled("likely cause", first.cause)
    if others:
        yield from _labelled("seen again in", "; ".join(_situations(others)))


def _situations(findings: Sequence[Finding]) -> Iterator[str]:
    """Each property once, with the situations in which it fails."""
    for concerned in dict.fromkeys(finding.property for finding in findings):
        situations = dict.fromkeys(finding.during for finding in findings if finding.property == concerned and finding.during)
        yield f"{concerned} ({'; '.join(situations)})" if situations else concerned


def _labelled(label: str, text: str) -> Iterator[str]:
    for index, line in enumerate(wrap(text, WIDTH - LABEL - 4) or [""]):
        yield f"    {(label if index == 0 else ''):<{LABEL}}{line}"
