"""The page of the papers: every source that a docstring of regnet or its plugins cites, and the code that cites it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from regnet.registry.catalog import Catalog, Entry

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("regnet", "plugins/*/src")
SOURCE = re.compile(r"\bSources?(?: for [^:\n]+)?: (.*?)(?=\n\n|\nArgs:|\Z)", re.DOTALL)
PAPER = re.compile(r"(?P<paper>.*?\b(?:19|20)\d\d\b\)?)(?P<detail>.*)", re.DOTALL)
PAPER_OF_REGNET = 'Guo and Lin, "Mini deep-learning framework", EPFL'
HEAD = """# Papers

Every source that a docstring cites, and the code that cites it. *The paper*, on these pages and in docstrings, is the student paper
that regnet grew out of, "Mini deep-learning framework" (P. Guo and X. Lin, EPFL).

| source | cited by |
| --- | --- |
"""


def papers_page(catalog: Catalog) -> str:
    links = {entry.component.__module__ + "." + entry.component.__qualname__: entry for entry in _entries(catalog)}
    cited: dict[str, list[str]] = defaultdict(list)
    for owner, citation in citations():
        entry = links.get(owner)
        name = _link(entry) if entry else f"`{owner}`"
        for paper, detail in _papers(citation):
            cited[paper].append(f"{name} ({detail})" if detail else name)
    cited[PAPER_OF_REGNET] = [_link(entry) for entry in _entries(catalog) if "the paper's" in (entry.component.__doc__ or "")]
    return HEAD + "".join(f"| {paper} | {'; '.join(users)} |\n" for paper, users in sorted(cited.items()))


def _link(entry: Entry) -> str:
    return f"[`{entry.name}`](reference/components/{entry.kind}.md#{entry.name})"


def citations() -> Iterator[tuple[str, str]]:
    """The dotted name of each class or function whose docstring cites a source, with the citation."""
    for folder in FOLDERS:
        for home in sorted(ROOT.glob(folder)):
            for file in sorted(home.rglob("*.py")):
                tree = ast.parse(file.read_text(encoding="utf-8"))
                base = ROOT if home.name == "regnet" else home
                module = ".".join(file.relative_to(base).with_suffix("").parts)
                yield from _in_module(tree, module)


def _in_module(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for citation in SOURCE.findall(ast.get_docstring(node) or ""):
                yield f"{module}.{node.name}", " ".join(citation.split()).removesuffix(".")


def _papers(citation: str) -> Iterator[tuple[str, str]]:
    """Each paper of a citation up to its year, and the rest of the citation, such as the number of an equation."""
    for part in citation.split("; "):
        found = PAPER.fullmatch(part)
        if found:
            yield found["paper"], found["detail"].lstrip(" ,")


def _entries(catalog: Catalog) -> Iterator[Entry]:
    for names in catalog.entries.values():
        for claims in names.values():
            yield from claims
