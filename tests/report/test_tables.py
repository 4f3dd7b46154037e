"""Checks the tables: labels, units, what is left out and said, and the attribution's arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.report.attribution import attribution
from regnet.report.comparison import comparison
from regnet.report.labels import labels
from regnet.results import StudyResult
from regnet.stats import summarize


def result(errors: list[float], *, together: int = 1, failures: dict[int, str] | None = None, **config: object) -> StudyResult:
    """A study whose seeds end with the given test errors after two epochs, each trained in one second."""
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
    )


def test_row_gives_mean_deviation_interval_time_and_n() -> None:
    errors = [0.01, 0.02, 0.03, 0.06]
    (row,) = comparison([result(errors)]).rows
    summary = summarize(errors)
    assert row[1] == f"{100 * summary.mean:.2f} % ± {100 * summary.std:.2f} %"
    assert row[2] == f"[{100 * summary.low:.2f}, {100 * summary.high:.2f} %]"
    assert row[3:] == ("1.00 s ± 0.00 s", "4")


def test_lockstep_gives_a_share_and_no_deviation() -> None:
    table = comparison([result([0.01, 0.02, 0.03, 0.04], together=4)])
    assert table.rows[0][3] == "0.250 s each"
    assert any("4 runs trained together took 1.00 s" in note for note in table.notes)


def test_failed_seeds_are_left_out_and_said() -> None:
    (row,) = comparison([result([0.01, np.nan, 0.03], failures={1: "diverged"})]).rows
    assert row[1].startswith("2.00 %")
    assert row[4] == "2 (1 failed)"
    (row,) = comparison([result([np.nan], failures={0: "diverged"})]).rows
    assert row[1:] == ("–", "–", "–", "0 (1 failed)")


def test_one_seed_has_no_interval() -> None:
    (row,) = comparison([result([0.0125])]).rows
    assert row[1:3] == ("1.25 %", "–")


def test_published_rows_come_first() -> None:
    table = comparison([result([0.01, 0.02])], published=True)
    assert [row[0] for row in table.rows[:2]] == ["report, its framework", "report, PyTorch"]
    assert table.rows[0][1] == "1.89 % ± 0.25 %"
    assert table.rows[1][3] == "21.71 s ± 2.93 s"


def test_labels_say_only_what_differs() -> None:
    first, second = result([0.1]), result([0.1], optimizer={"lr": 0.2})
    assert labels([first, second]) == ["lr=0.1", "lr=0.2"]
    assert labels([first]) == ["study"]
    other = result([0.1], loss={"name": "huber", "reduction": "mean"})
    assert labels([first, other]) == ["loss=mse, reduction=sum", "loss=huber, reduction=mean"]
    assert labels([first, result([0.1], study="mine")])[1] == "mine"


def test_labels_keep_the_path_where_the_last_word_is_not_enough() -> None:
    first = result([0.1], a={"size": 1}, b={"size": 2})
    second = result([0.1], a={"size": 3}, b={"size": 4})
    assert labels([first, second]) == ["a.size=1, b.size=2", "a.size=3, b.size=4"]


def test_markdown_has_a_line_for_each_row() -> None:
    lines = comparison([result([0.1, 0.2]), result([0.3, 0.4], optimizer={"lr": 0.2})]).markdown().splitlines()
    assert lines[2] == "| test error rate | mean ± std | 95 % interval | training time | n |"
    assert lines[3] == "| --- | ---: | ---: | ---: | ---: |"
    assert sum(line.startswith("| lr=") for line in lines) == 2


def cells() -> list[StudyResult]:
    noise = np.random.default_rng(0).normal(0.02, 0.001, 30)
    made = []
    for first, initializer in enumerate(("he_fan_out", "torch_default")):
        for second, reduction in enumerate(("sum", "mean")):
            wobble = 1e-4 * np.sin(np.arange(30) * (1 + first + 2 * second))
            errors = noise + 0.03 * first + 0.001 * second + wobble - wobble.mean()
            config = {"model": {"initializer": initializer}, "loss": {"name": "mse", "reduction": reduction}}
            made.append(result(errors.tolist(), **config))
    return made


def test_attribution_by_hand() -> None:
    rows = {row[0]: row for row in attribution(cells()).rows}
    assert rows["initializer: he_fan_out → torch_default"][1] == "+3.000 points"
    assert rows["loss reduction: sum → mean"][1] == "+0.100 points"
    assert rows["both at once: he_fan_out, sum → torch_default, mean"][1] == "+3.100 points"


def test_attribution_takes_the_seeds_that_no_study_lost() -> None:
    made = cells()
    made[1] = replace(made[1], failures={3: "diverged"})
    assert "29 seeds" in attribution(made).notes[0]


def test_attribution_needs_its_four_studies() -> None:
    with pytest.raises(ConfigError, match="four studies"):
        attribution(cells()[:3])
