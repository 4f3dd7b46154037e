"""Builds the site as scripts/docs does, and checks that its reference is complete and its links work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

import pytest
from filelock import FileLock

import regnet
from regnet import events, hookspecs
from regnet.config.compose import compose_config
from regnet.registry.catalog import Catalog, Entry

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
COMMANDS = ("run", "report", "ui", "compare", "results", "plugins-list", "plugins-check", "plugins-new", "bench")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once for all processes of pytest-xdist."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "site"
    with FileLock(shared / "site.lock"):
        if not folder.exists():
            build(folder)
    return folder


def build(folder: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def page(site: Path, address: str) -> str:
    return (site / address / "index.html").read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    return {unescape(name) for name in re.findall(r'\bid="([^"]+)"', text)}


def entries(catalog: Catalog) -> list[Entry]:
    return [entry for names in catalog.entries.values() for claims in names.values() for entry in claims]


def keys(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The options of a configuration, as the command line writes them."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from keys(value, f"{prefix}{key}.")
        elif key != "name":
            yield f"{prefix}{key}"


def test_every_public_name_is_documented(site: Path) -> None:
    found = anchors(page(site, "reference/python"))
    assert {f"regnet.{name}" for name in regnet.__all__} <= found
    assert {f"regnet.events.{event.__name__}" for event in get_args(events.Event)} <= found


def test_every_hook_is_documented(site: Path) -> None:
    hooks = {f"regnet.hookspecs.{name}" for name in vars(hookspecs) if name.startswith("regnet_")}
    assert hooks
    assert hooks <= anchors(page(site, "reference/hooks"))


def test_every_component_is_documented_with_its_options(site: Path, catalog: Catalog) -> None:
    for entry in entries(catalog):
        text = page(site, f"reference/components/{entry.kind}")
        section = text.partition(f'id="{entry.name}"')[2].partition("<h2")[0]
        for option in entry.options:
            assert re.search(rf"<code>(?:{entry.kind}\.)?{option}</code>", section), f"{entry}: {option}"
        assert entry.component.__qualname__ in section, entry
        assert f"{entry.kind}/#{entry.name}" in page(site, "reference/components"), entry


def test_every_option_is_documented(site: Path, catalog: Catalog) -> None:
    text = page(site, "reference/configuration") + "".join(page(site, f"reference/components/{kind}") for kind in catalog.entries)
    missing = [key for key in keys(compose_config([], catalog)) if f"<code>{key}</code>" not in text]
    assert not missing


def test_every_choice_is_documented(site: Path) -> None:
    choices = {f"{path.parent.name}-{path.stem}" for path in (ROOT / "conf").glob("*/*.yaml")}
    assert choices <= anchors(page(site, "reference/configuration"))


def test_every_command_is_documented(site: Path) -> None:
    assert {f"regnet-{command}" for command in COMMANDS} <= anchors(page(site, "reference/command"))


def test_every_source_is_on_the_papers_page(site: Path, catalog: Catalog) -> None:
    text = page(site, "papers")
    for entry in entries(catalog):
        source = re.search(r'Source: [^"]*?"(.*?)"[^"]*?\b(?:19|20)\d\d\b', " ".join((entry.component.__doc__ or "").split()))
        if source:
            assert f"components/{entry.kind}/#{entry.name}" in text, entry
            assert source[1] in unescape(text), entry


def test_every_link_has_a_target(site: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"}
    for path, text in pages.items():
        for target in re.findall(r'\b(?:href|src)="([^"]*)"', text):
            address = urlsplit(unescape(target))
            if address.scheme or address.netloc:
                continue
            found = (path.parent / unquote(address.path)).resolve() if address.path else path
            found = found / "index.html" if found.is_dir() else found
            assert found.exists(), f"{path}: {target}"
            if address.fragment and address.fragment != "__skip":
                assert unquote(address.fragment) in anchors(pages[found]), f"{path}: {target}"


def test_site_loads_no_external_resources(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert not re.findall(r'<(?:script|img|link)\b[^>]*\b(?:src|href)="https?://', path.read_text(encoding="utf-8")), path
