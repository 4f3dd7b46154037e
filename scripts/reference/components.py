"""The pages of components: one for each kind, generated from the catalog."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from hydra.core.config_store import ConfigStore

from reference.markdown import first_sentence, options_table, parts, prose, table
from regnet.config.model import MODELS
from regnet.contracts import KINDS
from regnet.registry.catalog import HOOKS, Catalog, Entry
from regnet.registry.options import options_of
from regnet.registry.settings import Settings

FOLDER = "reference/components"
HEAD = """# Components

All components of the distributions in regnet's repository, as listed by `regnet plugins list`.
"""


def component_pages(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """The address, title and text of each page, starting with the table of all components."""
    yield f"{FOLDER}/index.md", "All components", _index(catalog)
    for kind in catalog.entries:
        yield f"{FOLDER}/{kind}.md", kind.capitalize(), _page(kind, catalog)


def _entries(kind: str, catalog: Catalog) -> list[Entry]:
    return [entry for name in catalog.names(kind) for entry in catalog.entries[kind][name]]


def _index(catalog: Catalog) -> str:
    text = HEAD
    for kind in catalog.entries:
        rows = [(_link(entry), first_sentence(entry.summary), str(entry.origin)) for entry in _entries(kind, catalog)]
        text += f"\n## {kind.capitalize()}\n\n{table(('name', 'description', 'distribution'), rows)}"
    return text


def _page(kind: str, catalog: Catalog) -> str:
    hook, contract = HOOKS[kind], KINDS[kind]
    text = f"# {kind.capitalize()}\n\n{prose(inspect.getdoc(contract) or '')}\n\n{_how_to_choose(kind, catalog)}\n\n"
    text += f"A plugin registers components with the hook [`{hook}`](../hooks.md#regnet.hookspecs.{hook}), as subclasses of\n"
    text += f"[`regnet.{contract.__name__}`](../python.md#regnet.{contract.__name__}).\n"
    return text + "".join(_section(entry, catalog) for entry in _entries(kind, catalog))


def _how_to_choose(kind: str, catalog: Catalog) -> str:
    if kind in ConfigStore.instance().repo:
        return f"`{kind}=NAME` selects one in the configuration, and `{kind}.OPTION=VALUE` sets its options."
    entries = [entry for other in catalog.entries for entry in _entries(other, catalog)]
    takers = [_link(entry) for entry in entries if _takes(kind, entry.component)]
    models = ["the [model](../configuration.md#model)"] if any(_takes(kind, model) for model in MODELS.values()) else []
    settings = [f"[`{name}`](../configuration.md#settings)" for name in _takes(kind, Settings)]
    places = ", ".join((*settings, *models, *takers))
    return f"The configuration refers to one by `NAME` or `{{name: NAME, OPTION: VALUE}}`, in {places}."


def _takes(kind: str, cls: type) -> list[str]:
    """The options of a class that take a component of this kind, or a list of them."""
    return [option.name for option in options_of(cls).values() if option.nested_kind == kind]


def _section(entry: Entry, catalog: Catalog) -> str:
    text, meanings = parts(entry.component)
    prefix = f"{entry.kind}." if entry.kind in ConfigStore.instance().repo else ""
    options = options_table(entry.options.values(), meanings, catalog, prefix)
    source = _indented(f"```python\n{inspect.getsource(entry.component)}```")
    where = f"{entry.component.__module__}.{entry.component.__qualname__}"
    return f'\n## `{entry.name}` {{ #{entry.name} }}\n\n{text}\n\n{options}\n??? quote "From {entry.origin}: `{where}`"\n\n{source}'


def _link(entry: Entry) -> str:
    return f"[`{entry.name}`]({entry.kind}.md#{entry.name})"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
