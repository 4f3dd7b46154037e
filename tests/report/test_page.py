"""The report page: valid, self-contained HTML with the numbers of the results, in which configurations are escaped."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.registry.catalog import Catalog
from regnet.report.build import build_report
from regnet.report.launch_info import Origin
from regnet.report.ranking import best_studies
from regnet.report.tables.format import share
from regnet.study.final import final_summary
from regnet.study.result import StudyResult
from tests.conftest import RunStudy
from tests.report.html_reader import Document
from tests.report.launches import COMMAND, keep, report, sweep

RATES = ("optimizer.lr=0.001", "optimizer.lr=0.01", "optimizer.lr=0.1")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, run: RunStudy, catalog: Catalog) -> tuple[Path, list[StudyResult]]:
    folder = tmp_path_factory.mktemp("swept")
    results = sweep(folder, run, *RATES)
    report(folder, results, catalog)
    return folder, results


@pytest.fixture(scope="module")
def page(swept: tuple[Path, list[StudyResult]]) -> Document:
    return read(swept[0])


def read(folder: Path) -> Document:
    return Document((folder / "report" / "report.html").read_text(encoding="utf-8"))


def test_page_is_valid(page: Document) -> None:
    assert page.source.lower().startswith("<!doctype html>")
    assert page.one("html").attributes["lang"] == "en"
    (title,) = [one.text for one in page.all("title") if "svg" not in one.inside]
    assert title == f"{page.one('h1').text} · regnet report"
    identities = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(set(identities)) == len(identities)
    pointed_at = re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", page.source)
    assert {first or second for first, second in pointed_at} <= set(identities)


def test_heading_levels(page: Document) -> None:
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_page_loads_no_external_resources(page: Document) -> None:
    assert not page.all("script", "link", "img", "iframe", "image")
    targets = [value for one in page.elements for name, value in one.attributes.items() if name in ("href", "src", "xlink:href")]
    assert targets
    assert all(target.startswith("#") for target in targets)
    assert not re.search(r"@import|url\((?!#)", page.source)


def test_every_figure_has_a_description(page: Document) -> None:
    drawings = page.all("svg")
    texts = {one.attributes["id"]: one.text for one in page.all("title", "desc") if "id" in one.attributes}
    assert len(drawings) == 2 + 4 + 3  # the spread and the profiles, two metrics on two splits, and the regions of each study
    for one in drawings:
        title, description = (texts[name] for name in one.attributes["aria-labelledby"].split())
        assert title
        assert re.search(r"\d", description), "numbers, for those who do not see them drawn"
    assert len(page.all("figcaption")) == len(drawings)


def test_every_table_has_a_caption_and_headings(page: Document) -> None:
    tables = page.all("table")
    assert len(tables) == len(page.all("caption")) == 4
    assert {one.attributes["scope"] for one in page.all("th")} == {"col", "row"}


def test_numbers_agree_with_the_results(page: Document, swept: tuple[Path, list[StudyResult]]) -> None:
    cells = {one.text for one in page.all("td")}
    for result in swept[1]:
        summary = final_summary(result, "test/error_rate")
        assert summary is not None
        assert f"{share(summary.mean)} ± {share(summary.std)}" in cells
    lowest = min(summary.mean for result in swept[1] if (summary := final_summary(result, "test/error_rate")))
    assert f"Lowest mean test error rate: {share(lowest)}" in page.one("main").text


def test_description_of_the_launch(page: Document) -> None:
    text = page.one("main").text
    assert "12, none failed" in text
    assert "0 to 3 in each study" in text
    assert "regnet-framework 0." in text
    assert {"0.001", "0.01", "0.1"} <= {one.text for one in page.all("td")}
    assert page.one("pre").text == COMMAND


def test_files_beside_the_page(swept: tuple[Path, list[StudyResult]]) -> None:
    names = {path.name for path in (swept[0] / "report").iterdir()}
    assert {"table.md", "report.html", "spread.png", "spread.svg", "profile.svg", "curves_test_loss.svg", "regions_3.png"} <= names


def test_the_same_results_give_the_same_page(swept: tuple[Path, list[StudyResult]], page: Document, catalog: Catalog) -> None:
    report(swept[0], swept[1], catalog)
    assert read(swept[0]).source == page.source


def test_configuration_is_escaped(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    name = "<script>alert('1 & 2')</script>{{ 7 * 7 }}\""
    first = run("epochs=2", "dataset.train_size=40")
    named = dataclasses.replace(first, name=name, config={**first.config, "study": name})
    report(tmp_path, keep(tmp_path, [named]), catalog)
    page = read(tmp_path)
    assert not page.all("script")
    assert page.one("h1").text == name


@pytest.mark.slow
def test_study_with_failed_seeds_is_not_compared(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    results = [run("epochs=2", "seeds=3", f"optimizer.lr={lr}") for lr in (0.001, 0.002, 0.003)]
    history = {name: values.copy() for name, values in results[1].history.items()}
    for values in history.values():
        values[1] = np.nan
    results[1] = dataclasses.replace(results[1], history=history, failures={1: "diverged in epoch 1"})
    report(tmp_path, keep(tmp_path, results), catalog)
    text = read(tmp_path).one("main").text
    assert "'lr=0.002' is not compared, since seeds are missing: seed 1 diverged in epoch 1" in text
    assert "9, 1 failed" in text
    assert "lr=0.001 against lr=0.003" in text
    assert "lr=0.001 against lr=0.002" not in text


def test_page_of_failed_studies(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    first = run("epochs=2", "seeds=2")
    lost = dataclasses.replace(first, history={}, failures={0: "diverged", 1: "diverged"}, networks=())
    report(tmp_path, keep(tmp_path, [lost]), catalog)
    page = read(tmp_path)
    assert "every seed failed" in page.one("main").text
    assert not page.all("svg")


def test_single_seed_has_no_interval(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    report(tmp_path, sweep(tmp_path, run, "seeds=1"), catalog)
    assert "one seed: no interval" in read(tmp_path).one("main").text


@pytest.mark.slow
def test_studies_of_different_tasks_have_separate_sections(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    small = ("epochs=2", "seeds=2", "model.output=null")
    results = [run(*small, f"dataset={name}") for name in ("disc", "diabetes")]
    report(tmp_path, keep(tmp_path, results), catalog)
    page = read(tmp_path)
    assert [one.text for one in page.all("h2")][:2] == ["Results: test error rate", "Results: test RMSE"]
    test_page_is_valid(page)
    assert len([one for one in page.all("svg") if "regions" in one.attributes["aria-labelledby"]]) == 1


@pytest.mark.slow
def test_figures_show_the_best_of_many_studies(
    tmp_path: Path, run: RunStudy, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_studies, "__defaults__", (2,))  # drawing eight takes seconds
    results = [run("epochs=2", "seeds=2", "dataset.train_size=40", f"optimizer.lr={k / 1000}") for k in range(1, 13)]
    report(tmp_path, keep(tmp_path, results), catalog)
    page = read(tmp_path)
    assert "The figures show the 2 studies of 12 with the lowest test error rate." in page.one("main").text
    assert len([one for one in page.all("svg") if "regions" in one.attributes["aria-labelledby"]]) == 2
    assert all(f"lr={k / 1000}" in {one.text for one in page.all("th")} for k in range(1, 13))
    assert "the others are compared with the best, " in page.one("main").text


def test_missing_plugin_is_reported(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    first = run("epochs=2", "seeds=2")
    other = dataclasses.replace(first, config={**first.config, "dataset": {"name": "none_such"}})
    origin = Origin("a launch", weights=lambda result, seed: first.networks[0].weights)
    build_report([other], "page", tmp_path / "report", catalog, origin)
    page = read(tmp_path)
    assert "none can be made: unknown dataset 'none_such'" in page.one("main").text
    assert len(page.all("svg")) == 2 + 2


def test_report_of_only_a_table(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    made = report(tmp_path, sweep(tmp_path, run, "seeds=2"), catalog, kind="table")
    assert [path.name for path in made.files] == ["table.md"] == [path.name for path in (tmp_path / "report").iterdir()]


def test_attribution_of_other_studies_is_an_error(tmp_path: Path, run: RunStudy, catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="attribution takes"):
        report(tmp_path, sweep(tmp_path, run, "seeds=2"), catalog, kind="attribution")
