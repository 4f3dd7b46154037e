"""Browser tests of the report page: without a network, on a phone, in dark mode and in print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regnet.registry.catalog import Catalog
from tests.browser.conftest import Keep
from tests.conftest import RunStudy
from tests.report.launches import report, sweep

RATES = ("optimizer.lr=0.001", "optimizer.lr=0.003", "optimizer.lr=0.01")
WIDTHS = (360, 768, 1400)
Look = Callable[..., Any]
"""Opens the page in a window of the given width, with further options of the browser."""

LIGHTNESS = """colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, run: RunStudy, catalog: Catalog) -> Path:
    folder = tmp_path_factory.mktemp("written")
    report(folder, sweep(folder, run, *RATES), catalog)
    return folder / "report" / "report.html"


@pytest.fixture
def look(browser: Any, written: Path) -> Iterator[Look]:
    contexts, requested, messages = [], [], []

    def open_page(width: int = 1400, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(written.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert set(requested) == {written.as_uri()}  # and nothing else
    assert messages == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_element_is_wider_than_the_window(look: Look, width: int) -> None:
    page = look(width)
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    for text in page.locator("svg text").all():
        assert text.evaluate("one => one.getBoundingClientRect().height") >= 6, "too small to read"


def test_figures_have_names(look: Look, keep: Keep) -> None:
    page = look()
    figures = page.get_by_role("img")
    assert figures.count() == 2 + 4 + 3
    assert all(box["width"] > 200 and box["height"] > 150 for one in figures.all() if (box := one.bounding_box()))
    assert page.get_by_role("img", name="Error rate on test examples").count() == 1
    keep(page, "report")


def test_lines_of_the_studies(look: Look) -> None:
    """Each study has a mean line in its own colour, which is also in the legend."""
    strokes = (
        look()
        .get_by_role("img", name="Error rate on test examples")
        .locator("path")
        .evaluate_all("paths => paths.map(path => getComputedStyle(path).stroke).filter(stroke => stroke.startsWith('rgb'))")
    )
    for colour in ("rgb(0, 114, 178)", "rgb(213, 94, 0)", "rgb(0, 158, 115)"):
        assert strokes.count(colour) >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark_mode(look: Look, scheme: str) -> None:
    page = look(color_scheme=scheme)
    ground = page.evaluate(LIGHTNESS, page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor"))
    assert (ground > 200) == (scheme == "light")
    for text, colour in (("h1", "color"), ("td", "color"), ("figcaption", "color"), ("svg text", "fill")):
        seen = page.locator(text).first.evaluate(f"one => getComputedStyle(one).{colour}")
        assert abs(page.evaluate(LIGHTNESS, seen) - ground) > 90, text


def test_headings_and_links(look: Look) -> None:
    page = look()
    assert page.get_by_role("heading", level=1).inner_text() == "3 studies, by optimizer.lr"
    page.get_by_role("link", name="How to run it again").click()
    assert page.get_by_role("heading", name="How to run it again").evaluate(
        "one => { const box = one.getBoundingClientRect(); return box.top >= 0 && box.top < innerHeight; }"
    )


def test_collapsed_sections_open(look: Look) -> None:
    page = look()
    setting = page.get_by_role("rowheader", name="dataset.train_size")
    assert not setting.is_visible()
    page.locator("summary", has_text="settings that the studies share").click()
    assert setting.is_visible()


def test_print(look: Look, tmp_path: Path) -> None:
    paper = tmp_path / "report.pdf"
    look(color_scheme="dark").pdf(path=paper)
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_size > 20_000
