"""Choose, then confirm: `regnet confirm`, `regnet compare --tune`, and the rules by which studies are chosen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from regnet.errors import ConfigError
from regnet.report.choosing import all_but, choose, setting
from regnet.study.result import StudyResult
from tests.conftest import Inside
from tests.measures import MEASURES

QUICK = ["epochs=3", "seeds=3", "validation=0.2", "dataset.train_size=100", "dataset.test_size=100", "report=none"]


def study(optimizer: str, lr: float, validation: float, **more: object) -> StudyResult:
    return StudyResult(
        name=f"{optimizer} {lr}",
        identity=f"{optimizer} {lr}",
        config={"optimizer": {"name": optimizer, "lr": lr}, "epochs": 5},
        seeds=(0, 1),
        history={f"{split}/error_rate": np.full((2, 1), validation) for split in ("validation", "test")},
        together=np.ones(2),
        seconds=np.ones(2),
        **{"failures": {}, "measures": MEASURES, "headline": "test/error_rate"} | more,
    )


STUDIES = [
    study("sgd", 0.1, 0.3),
    study("sgd", 0.2, 0.2),
    study("sgd", 0.3, 0.4),
    study("adam", 0.1, 0.1),
    study("adam", 0.2, 0.15),
]


def test_the_best_of_each_group_by_validation() -> None:
    chosen = choose(STUDIES, "validation", setting("optimizer", STUDIES))
    assert [(each.result.name, each.among) for each in chosen] == [("sgd 0.2", 3), ("adam 0.1", 2)]
    assert chosen[0].edges == ()
    assert chosen[1].edges == ("optimizer.lr=0.1 is the smallest of the 2 values that were tried",)
    assert choose(STUDIES, "validation", all_but(["optimizer.lr"], STUDIES)) == chosen
    assert [each.result.name for each in choose(STUDIES, "validation", lambda _: None, 2)] == ["adam 0.1", "adam 0.2"]


def test_a_study_with_failures_is_chosen_last() -> None:
    broken = study("adam", 0.3, 0.01, failures={1: "diverged"})
    (chosen,) = choose([*STUDIES[3:], broken], "validation", lambda _: None)
    assert chosen.result.name == "adam 0.1"


def test_errors() -> None:
    with pytest.raises(ConfigError, match=r"no study has a setting 'optimizer\.l': did you mean 'optimizer\.lr'\?"):
        setting("optimizer.l", STUDIES)
    without = replace(STUDIES[0], history={"test/error_rate": np.full((2, 1), 0.1)})
    with pytest.raises(ConfigError, match=r"did not measure validation/error_rate, by which to choose: train with validation=0\.2"):
        choose([without], "validation", lambda _: None)


@pytest.mark.slow
def test_the_commands(inside: Inside) -> None:
    assert inside("run", "-m", "optimizer=sgd,adam", "optimizer.lr=0.001,0.003,0.01", *QUICK).code == 0
    found = json.loads(inside("compare", "--tune", "optimizer.lr", "--json").stdout)
    assert len(found["studies"]) == 2
    assert sum("values of optimizer.lr on the validation examples" in note for note in found["notes"]) == 2
    shown = inside("confirm", "--dry-run", "--top", "2")
    assert shown.stdout.count("of 6 studies") == 2
    done = inside("confirm", "--by", "optimizer", "--seeds", "4")
    assert done.code == 0, done.stderr
    assert "Comparisons" in done.stdout
    confirmed = json.loads(inside("compare", "--json").stdout)
    assert [sorted(map(int, each["values"])) for each in confirmed["studies"]] == [[3, 4, 5, 6]] * 2
    identities = {each["identity"] for each in found["studies"]}
    assert {each["identity"] for each in confirmed["studies"]} == identities
