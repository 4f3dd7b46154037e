"""The plan of a launch as text."""

from __future__ import annotations

import pytest

from regnet.launcher.plan_text import describe, ranges
from regnet.training.lockstep import Group


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([3], "#3"), ([0, 1], "#0 to #1"), ([5, 1, 2, 3, 9], "#1 to #3, #5, #9"), (range(100, 200), "#100 to #199")],
)
def test_ranges(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text


def test_lines_of_groups_and_reasons() -> None:
    plan = [Group((0, 2), "they differ in seed"), Group((1,), "why"), Group((3,), "why"), Group((4,), "because")]
    assert list(describe(plan, [10, 11, 12, 13, 20])) == [
        "\t2 jobs together, they differ in seed: #10, #12",
        "\t2 alone, why: #11, #13",
        "\t1 alone, because: #20",
    ]
