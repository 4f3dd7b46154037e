"""A MkDocs hook that adds the generated pages of the reference to those in docs/."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from reference.commands import commands_page
from reference.components import FOLDER, component_pages
from reference.configuration import configuration_page
from reference.hooks import hooks_page
from reference.papers import papers_page
from reference.python import python_page

from regnet.config.compose import register_groups
from regnet.registry.catalog import Catalog, load_catalog


@cache
def catalog() -> Catalog:
    loaded = load_catalog()
    register_groups(loaded)
    return loaded


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replaces the page of all components in the navigation by a page for each kind."""
    _complete(config.nav)
    return config


def _complete(nav: list[Any]) -> None:
    pages = [{title: address} for address, title, _ in component_pages(catalog())]
    for entry in nav:
        for title, value in entry.items():
            if value == f"{FOLDER}/index.md":
                entry[title] = pages
            elif isinstance(value, list):
                _complete(value)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for address, text in _pages():
        files.append(File.generated(config, address, content=text))
    return files


def _pages() -> Iterator[tuple[str, str]]:
    yield from ((address, text) for address, _, text in component_pages(catalog()))
    yield "reference/python.md", python_page()
    yield "reference/hooks.md", hooks_page()
    yield "reference/configuration.md", configuration_page(catalog())
    yield "reference/command.md", commands_page()
    yield "papers.md", papers_page(catalog())
