"""Tests of docs/attribution.md: its script fills the block from a report, its links work, and its text agrees with the tables."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "attribution.md"


def test_links_of_the_page() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE.read_text(encoding="utf-8"))
    assert {"figures/attribution_effects.png", "figures/attribution_spread.png", "speed.md"} == set(targets)
    assert all((PAGE.parent / target).exists() for target in targets)


def test_tables_of_the_block() -> None:
    (block,) = re.findall(r"<!-- attribution -->\n(.*?)<!-- /attribution -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert [title for title in re.findall(r"^\*\*(.+)\*\*$", block, re.MULTILINE) if "seeds" not in title] == [
        "Results: 4 of 8 studies have runs that are unlike their others.",
        "Effects",
        "What 20 rounds would show",
    ]
    assert len(re.findall(r"^\| initializer=.* \| 1000 \| [^|]* \|$", block, re.MULTILINE)) == 8


def test_numbers_in_the_text_agree_with_the_tables() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    effect = re.search(r"both at once: .*, data redrawn \| \+(\S+) points \| \[\+(\S+), \+(\S+) points\] \| < 0.0001", text)
    assert effect
    mean, low, high = (f"{float(number):.2f}" for number in effect.groups())
    assert f"increases the error by {mean} points ({low} to {high})" in text
    framework, baseline = re.findall(r"its own in every round \| (\S+) % ± \S+ % \| (\S+) % ±", text)[0]
    assert f"about {framework} % and {baseline} %" in text


def test_the_script_changes_only_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "attribution"))
    page = tmp_path / "docs" / "attribution.md"
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    page.write_text("before\n<!-- attribution -->\nold\n<!-- /attribution -->\nafter\n")
    report = tmp_path / "report"
    report.mkdir()
    for name in ("table.md", *script["FIGURES"]):
        (report / name).write_text(f"new {name}\n")
    for name, value in {"PAGE": page, "ROOT": tmp_path}.items():
        monkeypatch.setitem(script["fill"].__globals__, name, value)
    script["fill"](report)
    assert page.read_text() == "before\n<!-- attribution -->\nnew table.md\n<!-- /attribution -->\nafter\n"
    assert {path.name for path in (tmp_path / "docs" / "figures").iterdir()} == {
        "attribution_effects.png",
        "attribution_spread.png",
    }
