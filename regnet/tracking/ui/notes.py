"""Descriptions in Markdown, for whoever comes upon a run or an experiment in MLflow's UI: what can be said without results."""

from __future__ import annotations

import re
from collections.abc import Sequence

BLOCK = re.compile(r"<!-- regnet -->.*?<!-- /regnet -->", re.DOTALL)
"""The part of an experiment's description that is written here; the rest is the user's."""


def run_note(seed: int, view: str) -> str:
    """What a run is, with a link to the view of its launch."""
    return f"One training, with seed {seed}. [All runs of this launch, grouped by study]({view})"


def with_block(text: str, block: str, length: int) -> str:
    """A description with regnet's part of it written anew; what else there is stays as it is.

    It is no longer than `length`: of the part's last lines as many are left out as have to be.
    """
    before, _, after = BLOCK.sub("\0", text).partition("\0") if BLOCK.search(text) else (f"{text}\n\n" if text else "", "", "")
    lines = block.splitlines()
    while lines and len(before) + len(after) + len(_marked(lines)) > length:
        lines.pop()
    return before + _marked(lines) + after


def _marked(lines: Sequence[str]) -> str:
    return "\n".join(["<!-- regnet -->", *lines, "<!-- /regnet -->"])


def link(words: str, address: str) -> str:
    """A link in Markdown."""
    return f"[{words}]({address})"
