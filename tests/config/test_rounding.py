"""Options are checked as the training's type of numbers has them, not only as Python does."""

from __future__ import annotations

import pytest

from regnet.errors import BadOption
from tests.conftest import MakeStudy

OUTSIDE = {
    "adam": (
        ["optimizer=adam", "optimizer.beta2=0.99999999"],
        "adam: beta2=0.99999999 is 1.0 in float32, and should be less",
    ),
    "eps": (["optimizer=adam", "optimizer.eps=1e-50"], "adam: eps=1e-50 is 0.0 in float32, and should be greater than 0"),
    "rmsprop": (["optimizer=rmsprop", "optimizer.alpha=0.9999999999"], "rmsprop: alpha=0.9999999999 is 1.0 in float32"),
    "momentum": (["optimizer.momentum=0.9999999999"], "sgd: momentum=0.9999999999 is 1.0 in float32"),
    "huber": (["loss=huber", "loss.delta=1e-46"], "huber: delta=1e-46 is 0.0 in float32"),
    "dropout": (["model.activation={name: dropout, p: 0.99999999}"], "dropout: p=0.99999999 is 1.0 in float32"),
    "nesterov": (["optimizer.momentum=1e-50", "optimizer.nesterov=true"], "sgd: momentum=1e-50 is 0.0 in float32"),
}


@pytest.mark.parametrize(("words", "expected"), OUTSIDE.values(), ids=OUTSIDE)
def test_an_option_that_is_rounded_out_of_its_range(study: MakeStudy, words: list[str], expected: str) -> None:
    with pytest.raises(BadOption, match="choose another value, or dtype=float64") as refused:
        study(*words)
    assert expected in str(refused.value)
    study(*words, "dtype=float64")
