"""Browser tests of MLflow's UI: lines with bands by study, comparisons, figures, and the links to them."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.browser.conftest import REGNET, Keep, Open, Shown

LABELS = {"lr=0.001", "lr=0.003", "lr=0.01"}

CURVES = """() => [...document.querySelectorAll('.js-plotly-plot')].map(plot => ({
    bands: plot.data.filter(one => one.fill).map(one => one.y.filter(y => y != null)),
    lines: plot.data.filter(one => one.mode === 'lines+markers').map(one => [...one.y]),
    drawn: plot.querySelectorAll('path.js-fill').length,
}))"""
"""JavaScript that returns the bands and the lines of each chart on the page."""


def histories(shown: Shown, metric: str) -> dict[str, list[list[float]]]:
    """The metric of each seed after each epoch, from the store, for each study by label."""
    client = shown.client
    found: dict[str, list[list[float]]] = {}
    for run in client.search_runs(["1"], "tags.`regnet.role` = 'run'"):
        points = sorted(client.get_metric_history(run.info.run_id, metric), key=lambda point: point.step)
        found.setdefault(run.data.tags["regnet.label"], []).append([point.value for point in points])
    return found


def charts(page: Any, count: int) -> list[dict[str, Any]]:
    page.wait_for_function(f"() => document.querySelectorAll('.js-plotly-plot path.js-fill').length >= {count * len(LABELS)}")
    return list(page.evaluate(CURVES))


def check_grouped(page: Any, shown: Shown) -> None:
    """Check that each study has a line, the mean over its seeds, in a band from the smallest to the largest value."""
    for label in LABELS:
        page.get_by_text(f"Group: {label}", exact=True).wait_for()
    page.get_by_role("heading", name="test/error_rate").wait_for()
    assert page.get_by_text("summary").count() == 0  # only runs, no summaries
    chart = charts(page, 2)[0]
    assert chart["drawn"] == len(chart["lines"]) == len(chart["bands"]) == len(LABELS)
    studies = histories(shown, "test/error_rate")
    assert studies.keys() == LABELS
    over_seeds = [list(zip(*seeds, strict=True)) for seeds in studies.values()]
    means = [[sum(values) / len(values) for values in epochs] for epochs in over_seeds]
    assert sorted(chart["lines"]) == [pytest.approx(line) for line in sorted(means)]
    edges = [rounded([value for values in epochs for value in (min(values), max(values))]) for epochs in over_seeds]
    assert sorted(map(rounded, chart["bands"])) == sorted(edges)


def rounded(values: list[float]) -> list[float]:
    """The distinct values, in order."""
    return sorted({round(value, 6) for value in values})


def follow(page: Any, words: str) -> Any:
    """The page that a link in a description opens."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=words).click()
    return opened.value


def axes(page: Any) -> list[str]:
    """The titles of the parallel coordinates, from left to right."""
    page.get_by_text("Comparing 3 Runs from 1 Experiment").wait_for()
    titles = page.locator(".js-plotly-plot .axis-title")
    titles.first.wait_for()
    return [title.text_content() for title in titles.all()]


def test_link_opens_a_line_with_a_band_for_each_study(shown: Shown, visit: Open, keep: Keep) -> None:
    page = visit(shown.links["All runs, grouped by study"])
    check_grouped(page, shown)
    page.get_by_label("Hide banner").click()
    keep(page, "mlflow_grouped")


def test_running_server_is_used(shown: Shown) -> None:
    words = [*REGNET, "ui", "--no-browser", "--uri", shown.base]
    said = subprocess.run(words, cwd=shown.folder, capture_output=True, text=True, check=True).stdout
    assert dict(line.split(": ", 1) for line in said.splitlines()) == shown.links


def test_best_runs_are_compared_by_swept_options(shown: Shown, visit: Open, keep: Keep) -> None:
    page = visit(shown.links["The best run of each study, compared"])
    assert axes(page) in (["optimizer.lr", "seed", "test/error_rate"], ["optimizer.lr", "test/error_rate"])
    keep(page, "mlflow_compare")


def test_summaries_are_compared_by_swept_options(shown: Shown, visit: Open) -> None:
    page = visit(shown.links["The studies' summaries, compared"])
    assert axes(page) == ["optimizer.lr", "test/error_rate/mean"]
    for label in LABELS:
        page.get_by_text(f"{label} · summary").first.wait_for()


def test_summary_describes_its_study_and_links_to_the_launch(shown: Shown, visit: Open, keep: Keep) -> None:
    (summary,) = shown.client.search_runs(["1"], "tags.`regnet.role` = 'summary' and tags.`regnet.label` = 'lr=0.003'")
    page = visit(f"{shown.base}#/experiments/1/runs/{summary.info.run_id}")
    note = page.get_by_test_id("note-editor-preview-content")
    mean = summary.data.metrics["test/error_rate/mean"]
    note.get_by_role("row", name=f"test/error_rate {mean:.4g} ± ").wait_for()
    note.get_by_role("row", name="optimizer.lr 0.003").wait_for()
    page.get_by_text("Show more").click()
    keep(page, "mlflow_summary")
    check_grouped(follow(page, "All runs of this launch, grouped by study"), shown)


def test_run_links_to_the_launch(shown: Shown, visit: Open) -> None:
    run = shown.client.search_runs(["1"], "tags.`regnet.role` = 'run'", max_results=1)[0]
    page = visit(f"{shown.base}#/experiments/1/runs/{run.info.run_id}")
    check_grouped(follow(page, "All runs of this launch, grouped by study"), shown)


def test_experiment_links_to_the_comparisons(shown: Shown, visit: Open) -> None:
    page = visit(f"{shown.base}#/experiments/1/runs?workflowType=machine_learning")
    page.get_by_text("Newest launch").click()
    page.get_by_role("cell", name="lr=0.001", exact=True).wait_for()
    comparison = follow(page, "The best run of each study, compared")
    comparison.get_by_text("Comparing 3 Runs from 1 Experiment").wait_for()


def test_summary_has_figures(shown: Shown, visit: Open, keep: Keep) -> None:
    (summary,) = shown.client.search_runs(["1"], "tags.`regnet.role` = 'summary' and tags.`regnet.label` = 'lr=0.001'")
    page = visit(f"{shown.base}#/experiments/1/runs/{summary.info.run_id}/artifacts/report/figure4_error_rate.png")
    picture = page.locator("img[src^='blob:'], img[src*='figure4_error_rate']").first
    picture.wait_for()
    page.wait_for_function("picture => picture.naturalWidth > 300", arg=picture.element_handle())
    keep(page, "mlflow_figures", page.get_by_text("Path: "))
