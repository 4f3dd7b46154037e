"""`regnet rank`, over several data sets, and `regnet power`, on stores that regnet wrote."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import regnet
from regnet.report.over_data import assess_over_data
from regnet.stats import Rules
from regnet.study.result import StudyResult
from tests.conftest import Inside
from tests.measures import MEASURES

SMALL = ["epochs=2", "seeds=4", "tracking.experiment=ranks"]


def result(data: str, lr: float, errors: list[float], **automatic: object) -> StudyResult:
    column = np.array(errors)[:, None]
    return StudyResult(
        name="study",
        identity=f"{data} {lr}",
        config={"dataset": {"name": data}, "optimizer": {"name": "sgd", "lr": lr}, "engine": {"name": "handbuilt"}, **automatic},
        seeds=tuple(range(len(errors))),
        history={"test/error_rate": column},
        together=np.ones(len(errors)),
        seconds=np.ones(len(errors)),
        failures={},
        measures=MEASURES,
        headline="test/error_rate",
        automatic=tuple(automatic),
    )


def test_means_over_seeds_are_ranked_and_settings_that_follow_from_the_data_are_no_difference() -> None:
    results = [
        result(data, lr, [base + lr, base + 3 * lr], batch_size=size)
        for data, base, size in (("iris", 0.1, 32), ("wine", 0.3, 16), ("digits", 0.5, 256))
        for lr in (0.01, 0.02, 0.03)
    ]
    found = assess_over_data(results).found
    assert found.names == ("lr=0.01", "lr=0.02", "lr=0.03")
    assert found.data_sets == ("iris", "wine", "digits")
    assert found.values[0].tolist() == pytest.approx([0.12, 0.14, 0.16])
    assert found.ranks.tolist() == [[1, 2, 3]] * 3
    assert found.post_hoc == "nemenyi"
    with pytest.raises(regnet.RegnetError, match=r"there is no 'lr=0\.03' on digits\(\)"):
        assess_over_data(results[:-1])
    with pytest.raises(regnet.RegnetError, match=r"was run twice on wine\(\)"):
        assess_over_data([*results, results[3]])


def test_many_data_sets_are_compared_by_wilcoxon() -> None:
    rng = np.random.default_rng(0)
    results = [
        result(f"data{index}", lr, (rng.uniform(0.1, 0.4) + gap + rng.normal(0, 0.001, 3)).tolist())
        for index in range(8)
        for lr, gap in ((0.1, 0.0), (0.2, 0.5), (0.3, 0.55))
    ]
    found = assess_over_data(results).found
    assert found.post_hoc == "wilcoxon_holm"
    assert found.better[0].tolist() == [False, True, True]


def test_failed_seeds() -> None:
    first = [result(data, lr, [0.1 + lr, 0.2 + lr, 0.3]) for data in ("a", "b", "c") for lr in (0.01, 0.02, 0.03)]
    first[0] = replace(first[0], failures={2: "diverged"})
    with pytest.raises(regnet.RegnetError, match="--incomplete drop leaves them out"):
        assess_over_data(first)
    assert assess_over_data(first, rules=Rules(incomplete="drop")).found.values[0, 0] == pytest.approx(0.16)
    assert assess_over_data(first, rules=Rules(incomplete="worst")).found.values[0, 0] == pytest.approx((0.11 + 0.21 + 1) / 3)


@pytest.mark.slow
def test_the_command(inside: Inside, tmp_path: Path) -> None:
    assert inside("run", "-m", "dataset=iris,wine,breast_cancer", "optimizer=sgd,adam,rmsprop", "report=none", *SMALL).code == 0
    done = inside("rank", "--figure", "here")
    assert done.code == 0, done.stderr
    assert "Any difference over 3 data sets: Friedman" in " ".join(done.stdout.split())
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"critical_difference.png", "critical_difference.svg"}
    found = json.loads(inside("rank", "--json", "--post-hoc", "nemenyi").stdout)
    assert found["data_sets"] == ["iris", "wine", "breast_cancer"]
    assert len(found["configurations"]) == 3
    assert r"\begin{tabular}" in inside("rank", "--latex").stdout
    planned = inside("power", "--gap", "5")
    assert (planned.code, len(planned.stdout.splitlines())) == (0, 9)
    refused = inside("power", "--gap", "0")
    assert (refused.code, refused.stderr) == (2, "regnet: --gap is the smallest difference that matters, above 0; got 0\n")


@pytest.mark.slow
def test_planning_for_independent_runs(inside: Inside) -> None:
    assert inside("run", "-m", "optimizer.lr=0.001,0.003", "dataset.train_size=100", "report=none", *SMALL).code == 0
    (line,) = inside("power", "--gap", "2").stdout.splitlines()
    assert line.startswith("'lr=0.001' and 'lr=0.003', by seed (standard deviation ")
    assert "seeds of each for a power of 0.8; 4 seeds find" in line
    (most,) = re.findall(r"seeds=auto max_seeds=(\d+) takes \d+ on average and shows it with probability 0.[89]", line)
    assert int(most) > int(re.findall(r"takes (\d+) seeds of each", line)[0])
    assert len(inside("power", "--gap", "2", "--unpaired").stdout.splitlines()) == 2
    assert "can show nothing by this test" in inside("power", "--gap", "2", "--test", "rank").stdout
