"""The page of the configuration: the settings, the config groups, and the settings of plugins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml
from hydra.core.config_store import ConfigStore

from reference.markdown import options_table, parts, table
from regnet.config.compose import CONFIG_MODULE, compose_config
from regnet.config.model import MODELS
from regnet.data.sampling import Sampling
from regnet.registry.catalog import MISSING, Catalog, Entry
from regnet.registry.options import options_of
from regnet.registry.settings import Settings

LINE = re.compile(r"^(?P<key>\w+): (?P<value>.*?)(?: # (?P<comment>.*))?$", re.MULTILINE)
GLOBAL = "# @package _global_"
"""The first line of a file that sets options of other groups."""
HEAD = """# Configuration

Hydra composes the configuration of `regnet run` and `regnet.run([...])` from these options. Each is set on the command line by its
name, `epochs=20` or `optimizer.lr=0.01`; `-m` with several values, `optimizer.lr=0.01,0.1`, trains a study for each.

## Settings

"""
TAIL = """
## The whole

The output of `regnet run --cfg job`: the default choices with their options.

"""


def configuration_page(catalog: Catalog) -> str:
    about, meanings = parts(Settings)
    text = f"{HEAD}{about}\n\n{options_table(options_of(Settings).values(), meanings, catalog)}"
    for group, choices in sorted(_file_groups(catalog).items()):
        text += f"\n## `{group}` {{ #{group} }}\n{''.join(_choice(group, path) for path in choices)}"
    text += "".join(_component_group(kind, catalog) for kind in catalog.entries if kind in ConfigStore.instance().repo)
    text += "".join(_plugin_settings(entry, catalog) for entry in catalog.settings.values())
    whole = yaml.safe_dump(compose_config([], catalog), sort_keys=False, allow_unicode=True)
    return f"{text}{TAIL}```yaml\n{whole}```\n"


def _component_group(kind: str, catalog: Catalog) -> str:
    choices = ", ".join(f"[`{name}`](components/{kind}.md#{name})" for name in catalog.names(kind))
    text = f"\n## `{kind}` {{ #{kind} }}\n\n`{kind}=NAME`, one of {choices}.\n"
    if kind != "dataset":
        return text
    about, meanings = parts(Sampling)
    return f"{text}\n{about}\n\n{options_table(options_of(Sampling).values(), meanings, catalog, 'dataset.')}"


def _plugin_settings(entry: Entry, catalog: Catalog) -> str:
    about, meanings = parts(entry.component)
    options = options_table(entry.options.values(), meanings, catalog, f"{entry.name}.")
    return f"\n## `{entry.name}` {{ #{entry.name} }}\n\n{about}\n\nFrom {entry.origin}.\n\n{options}"


def _file_groups(catalog: Catalog) -> dict[str, list[Traversable]]:
    """The config files by group, in regnet's folder and in those of plugins."""
    groups: dict[str, list[Traversable]] = {}
    for path in (CONFIG_MODULE, *catalog.config_paths):
        for folder in files(path.removeprefix("pkg://")).iterdir():
            found = [file for file in folder.iterdir() if file.name.endswith(".yaml")] if folder.is_dir() else []
            if found:
                groups.setdefault(folder.name, []).extend(sorted(found, key=lambda file: file.name))
    return groups


def _choice(group: str, path: Traversable) -> str:
    """The options of a choice, or the whole file if it sets options of other groups."""
    name, source = path.name.removesuffix(".yaml"), path.read_text(encoding="utf-8")
    heading = f"\n### `{group}={name}` {{ #{group}-{name} }}\n\n"
    if source.startswith(GLOBAL):
        return f"{heading}```yaml\n{source}```\n"
    model = MODELS.get(name) if group == "model" else None
    comment = "\n".join(line.removeprefix("# ") for line in source.splitlines() if line.startswith("# "))
    about, meanings = parts(model) if model else (comment, {})
    types = {option.name: option.type_text for option in options_of(model).values()} if model else {}
    rows = list(_rows(group, source, types, meanings))
    return f"{heading}{about}\n\n{table(('option', 'type and range', 'default', 'meaning'), rows) if rows else ''}"


def _rows(group: str, source: str, types: Mapping[str, str], meanings: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for line in LINE.finditer(source):
        option, value = line["key"], line["value"]
        if option != "name":
            default = "required" if value == MISSING else f"`{value}`"
            meaning = line["comment"] or meanings.get(option, "")
            yield f"`{group}.{option}`", f"`{types.get(option) or _type(value)}`", default, meaning


def _type(text: str) -> str:
    """The type of a value in a file; null may be replaced by a text."""
    value = yaml.safe_load(text)
    return "str | none" if value is None else type(value).__name__
