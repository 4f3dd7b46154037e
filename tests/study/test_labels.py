"""Labels of studies: they contain only differences, and are unique."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from regnet.study.labels import differences, study_labels
from regnet.study.result import StudyResult

SGD = {"name": "sgd", "lr": 0.01, "momentum": 0.0}
ADAM = {"name": "adam", "lr": 0.01, "eps": 1e-8}


def result(**config: Any) -> StudyResult:
    whole = {"optimizer": SGD, "engine": {"name": "handbuilt"}, "seeds": 3, "tracking": {"name": "mlflow"}, **config}
    return StudyResult(
        name=str(whole.get("study") or "components"),
        identity=f"{hash(str(whole)) % 16**12:012x}",
        config=whole,
        seeds=(0,),
        history={"train/loss": np.zeros((1, 1))},
        together=np.ones(1),
        seconds=np.ones(1),
        failures={},
    )


@pytest.mark.parametrize(
    ("configs", "labels"),
    [
        pytest.param([{}], ["components"], id="a single study has its name"),
        pytest.param([{"optimizer": SGD}, {"optimizer": SGD | {"lr": 0.1}}], ["lr=0.01", "lr=0.1"], id="an option"),
        pytest.param([{"optimizer": SGD}, {"optimizer": ADAM}], ["sgd", "adam"], id="an option of only one study is left out"),
        pytest.param(
            [
                {"engine": {"name": engine}, "optimizer": optimizer}
                for engine, optimizer in [("handbuilt", SGD), ("torch", SGD), ("torch", ADAM | {"lr": 0.1})]
            ],
            ["handbuilt · sgd lr=0.01", "torch · sgd lr=0.01", "torch · adam lr=0.1"],
            id="options come after their component",
        ),
        pytest.param(
            [
                {"model": {"hidden": [5], "initializer": {"name": name}}, "epochs": epochs}
                for name, epochs in [("zeros", 1), ("he", 2)]
            ],
            ["initializer=zeros · epochs=1", "initializer=he · epochs=2"],
            id="options of nested components and settings have names",
        ),
        pytest.param(
            [{"seeds": 3, "epochs": 1}, {"seeds": 4, "epochs": 2}], ["epochs=1", "epochs=2"], id="seeds are not a difference"
        ),
        pytest.param([{"study": "mine"}, {"optimizer": ADAM}], ["mine", "adam"], id="a given name"),
        pytest.param(
            [{"study": "mine", "epochs": 1}, {"study": "mine", "epochs": 2}],
            ["mine · epochs=1", "mine · epochs=2"],
            id="a given name of two studies",
        ),
    ],
)
def test_labels(configs: list[dict[str, Any]], labels: list[str]) -> None:
    assert study_labels([result(**config) for config in configs]) == labels


def test_settings_that_were_automatic_in_all_studies_are_left_out() -> None:
    first = result(loss={"name": "mse"}, model={"output": "tanh"}, epochs=3, optimizer=SGD)
    second = result(loss={"name": "kl"}, model={"output": None}, epochs=4, optimizer=ADAM)
    second = replace(second, automatic=("optimizer", "model.output", "epochs"))
    assert study_labels([replace(first, automatic=second.automatic), second]) == ["mse", "kl"]
    assert study_labels([replace(first, automatic=("epochs",)), second]) == ["sgd · mse · output=tanh", "adam · kl · output=None"]


def test_labels_are_unique() -> None:
    alike = [result(study="mine"), result(study="mine", model={})]
    labels = study_labels(alike)
    assert labels == [f"mine · {one.identity[:4]}" for one in alike]


def test_differences_have_dotted_names() -> None:
    configs = [{"optimizer": SGD, "seed": 1}, {"optimizer": ADAM | {"lr": 1}, "seed": 2}]
    assert differences(configs) == [
        {"optimizer.name": "sgd", "optimizer.lr": "0.01"},
        {"optimizer.name": "adam", "optimizer.lr": "1"},
    ]
