"""Tables of results: units, and notes about what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from regnet.report.tables.results import by_metric, comparison
from regnet.stats import summarize
from regnet.study.result import StudyResult
from tests.measures import MEASURES


def result(errors: list[float], *, together: int = 1, failures: dict[int, str] | None = None, **config: object) -> StudyResult:
    """A study with the given final test errors after two epochs, each seed trained in one second."""
    column = np.array(errors)
    history = {name: np.stack([column + 0.1, column], axis=1) for name in ("test/loss", "test/error_rate")}
    base = {"model": {"initializer": "he_fan_out"}, "loss": {"name": "mse", "reduction": "sum"}, "optimizer": {"lr": 0.1}}
    size = len(errors)
    return StudyResult(
        name=str(config.get("study") or "study"),
        identity=repr(config),
        config={**base, **config},
        seeds=tuple(range(size)),
        history=history,
        together=np.full(size, together),
        seconds=np.ones(size),
        failures=failures or {},
        machine="a machine",
        measures=MEASURES,
        headline="test/error_rate",
    )


def test_row_gives_mean_deviation_interval_time_and_n() -> None:
    errors = [0.01, 0.02, 0.03, 0.04]
    (row,) = comparison([result(errors)]).rows
    summary = summarize(errors)
    assert row[1] == f"{100 * summary.mean:.2f} % ± {100 * summary.std:.2f} %"
    assert row[2] == f"[{100 * summary.low:.2f}, {100 * summary.high:.2f} %]"
    assert row[3:] == ("1.00 s ± 0.00 s", "4")


def test_time_in_lockstep_is_a_share_without_deviation() -> None:
    table = comparison([result([0.01, 0.02, 0.03, 0.04], together=4)])
    assert table.rows[0][3] == "0.250 s each"
    assert any("4 runs trained together took 1.00 s" in note for note in table.notes)


def test_failed_seeds_are_left_out() -> None:
    (row,) = comparison([result([0.01, np.nan, 0.03], failures={1: "diverged"})]).rows
    assert row[1].startswith("2.00 %")
    assert row[4] == "2 (1 failed)"
    (row,) = comparison([result([np.nan], failures={0: "diverged"})]).rows
    assert row[1:] == ("–", "–", "–", "0 (1 failed)")


def test_single_seed_has_no_interval() -> None:
    (row,) = comparison([result([0.0125])]).rows
    assert row[1:3] == ("1.25 %", "–")


def test_published_rows_come_first() -> None:
    table = comparison([result([0.01, 0.02])], published=True)
    assert [row[0] for row in table.rows[:2]] == ["paper, its framework", "paper, PyTorch"]
    assert table.rows[0][1] == "1.89 % ± 0.25 %"
    assert table.rows[1][3] == "21.71 s ± 2.93 s"


def test_markdown_has_a_line_for_each_row() -> None:
    lines = comparison([result([0.1, 0.2]), result([0.3, 0.4], optimizer={"lr": 0.2})]).markdown().splitlines()
    assert lines[2] == "| test error rate | mean ± std | 95 % interval | training time | n |"
    assert lines[3] == "| --- | ---: | ---: | ---: | ---: |"
    assert sum(line.startswith("| lr=") for line in lines) == 2


def test_interval_is_clipped_to_possible_values() -> None:
    table = comparison([result([0.0, 0.001, 0.05])])
    assert table.rows[0][2].startswith("[0.00, ")
    assert any("cut" in note for note in table.notes)
    assert not any("cut" in note for note in comparison([result([0.1, 0.11, 0.12])]).notes)


def test_studies_are_grouped_by_headline() -> None:
    values = result([1.0, 2.0])
    values = replace(values, history={"test/rmse": values.history["test/error_rate"]}, headline="test/rmse")
    nothing = replace(result([0.1]), history={}, failures={0: "diverged"})
    assert by_metric([values, result([0.1]), nothing]) == {"test/rmse": [0], "test/error_rate": [1, 2]}
    assert by_metric([nothing]) == {"test/error_rate": [0]}
