"""A line says when a network's outputs cannot reach what the loss compares them with, and none when they can."""

from __future__ import annotations

import pytest

from regnet.study.study import Study
from tests.conftest import Inside, MakeStudy


def _notes(study: Study) -> list[str]:
    """The notes of a study but for what `auto` became."""
    return [note for note in study.notes if not note.startswith("auto:")]


SMALL = ("dataset.train_size=20", "dataset.test_size=20")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["loss=cross_entropy", "model.output=tanh"],
            "loss cross_entropy needs any numbers as outputs, and the network ends in tanh, which gives -1 to 1",
        ),
        (["loss=cross_entropy", "model.output=softmax"], "the network ends in softmax, which gives 0 to 1"),
        (["loss=cross_entropy", "model.output=relu"], "the network ends in relu, which gives 0 to any size"),
        (["loss=binary_cross_entropy", "model.output=tanh"], "loss binary_cross_entropy needs any numbers"),
        (["model.output=relu"], "loss mse needs -1 to 1 as outputs"),
        (["model.output=sigmoid"], "loss mse needs -1 to 1 as outputs, and the network ends in sigmoid, which gives"),
        (["dataset=diabetes", "model.output=tanh"], "loss mse needs values of any size as outputs, and the network ends in tanh"),
        (["dataset=diabetes", "model.output=relu", "loss=huber"], "loss huber needs values of any size"),
        (["model=layers", "model.layers=[linear, batch_norm, tanh]", "loss=cross_entropy"], "the network ends in tanh"),
    ],
)
def test_outputs_that_do_not_fit(study: MakeStudy, words: list[str], said: str) -> None:
    (note,) = _notes(study(*words))
    assert said in note
    assert note.endswith("set model.output=null, or another layer")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["loss=cross_entropy"],
        ["dataset=diabetes"],
        ["loss=cross_entropy", "model.output=null"],
        ["loss=cross_entropy", "model.output=leaky_relu", "model.hidden=[]"],
        ["model.output=null"],
        ["model.output=sigmoid", "coding=one_hot"],
        ["dataset=diabetes", "model.output=null"],
        ["dataset=diabetes", "model.output=dropout", "loss=huber"],
        ["model=layers", "model.layers=[tanh, linear]", "loss=cross_entropy"],
    ],
)
def test_outputs_that_fit(study: MakeStudy, words: list[str]) -> None:
    assert _notes(study(*words)) == []


def test_the_line_is_printed_once_for_a_sweep(inside: Inside) -> None:
    words = ["loss=cross_entropy", "model.output=tanh", "optimizer.lr=0.1,0.2", "epochs=1", "tracking=none", "report=none"]
    done = inside("run", "-m", *words, *SMALL)
    assert done.code == 0
    assert done.stdout.count("note: loss cross_entropy needs any numbers") == 1
