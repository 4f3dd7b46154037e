"""Docstrings, types and tables as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence

from griffe import Docstring, DocstringSectionKind

from regnet.registry.catalog import Catalog
from regnet.registry.options import Option

LITERAL_BLOCK = re.compile(r"::(?=\n\n {4})")
DEFINITION = re.compile(r"^(\w+)\n {4}(?=\S)", re.MULTILINE)
CODE = re.compile(r"(`+[^`]+`+)")


def prose(text: str) -> str:
    """The text of a docstring in Markdown, with its literal blocks (``::``) and definition lists converted."""
    return DEFINITION.sub(r"\n`\1`\n:   ", LITERAL_BLOCK.sub(":", text))


def parts(documented: object) -> tuple[str, Mapping[str, str]]:
    """The docstring of a class without its ``Args:``, and the meaning of each argument."""
    sections = Docstring(inspect.getdoc(documented) or "").parse("google", warnings=False)
    text = [section.value for section in sections if section.kind is DocstringSectionKind.text]
    arguments = [section.value for section in sections if section.kind is DocstringSectionKind.parameters]
    return prose("\n\n".join(text)), {item.name: item.description for items in arguments for item in items}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(text) for text in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def options_table(options: Iterable[Option], meanings: Mapping[str, str], catalog: Catalog, prefix: str = "") -> str:
    """A table of options; `prefix` precedes the names of options in a configuration."""
    options = list(options)
    columns = {
        "option": [f"`{prefix}{option.name}`" for option in options],
        "type and range": [f"`{option.type_text.replace(str(2**63), '2**63')}`" for option in options],
        "default": [_default(option, catalog) for option in options],
        "replicas may differ": ["yes" if option.per_replica else "no" for option in options],
        "meaning": [meanings.get(option.name, "") for option in options],
    }
    if not any(option.per_replica for option in options):
        del columns["replicas may differ"]
    return table(tuple(columns), zip(*columns.values(), strict=True)) if options else "No options.\n"


def _default(option: Option, catalog: Catalog) -> str:
    return "required" if option.required else f"`{catalog.describe_option(option)['default'] or repr('')}`"


def first_sentence(text: str) -> str:
    """The first paragraph in one line, for a table."""
    return " ".join(prose(text).partition("\n\n")[0].split()).removesuffix(":")


def _cell(text: str) -> str:
    """Text in one line, with its pipes escaped except in code."""
    pieces = CODE.split(" ".join(text.split()))
    return "".join(piece if piece.startswith("`") else piece.replace("|", "&#124;") for piece in pieces)
