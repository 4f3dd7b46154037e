"""The population of a study: what its runs vary in, as found from the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from regnet.study.population import Population
from tests.conftest import MakeStudy

SMALL = ["dataset.train_size=80", "dataset.test_size=20"]


@pytest.mark.parametrize(
    ("words", "examples", "sources", "overlap"),
    [
        (SMALL, "draws", ("data", "init"), 0),
        ([*SMALL, "streams.data=0"], "fixed", ("init",), 0),
        ([*SMALL, "streams.data=seed+5", "streams.init=1"], "draws", ("data",), 0),
        ([*SMALL, "shuffle=true"], "draws", ("data", "init", "order"), 0),
        ([*SMALL, "shuffle=true", "batch_size=80"], "draws", ("data", "init"), 0),
        ([*SMALL, "model.activation=[relu,{name: dropout, p: 0.1}]"], "draws", ("data", "init", "noise"), 0),
        ([*SMALL, "model.initializer=zeros"], "draws", ("data",), 0),
        ([*SMALL, "streams.data=0", "validation=0.25"], "fixed", ("split", "init"), 0),
        (["dataset=iris", "dataset.test_share=0.2"], "splits", ("split", "init", "order"), 0.25),
        (["dataset=iris", "dataset.test_share=0.2", "validation=0.25"], "splits", ("split", "init", "order"), 0.25),
        (["dataset=iris", "streams.split=3"], "fixed", ("init", "order"), 0),
    ],
)
def test_what_varies(study: MakeStudy, words: list[str], examples: str, sources: tuple[str, ...], overlap: float) -> None:
    found = study(*words, "seeds=3").population
    assert found is not None
    assert (found.examples(), found.sources, found.overlap()) == (examples, sources, pytest.approx(overlap))
    assert Population.from_plain(found.as_plain()) == found


def test_validation_examples_of_fixed_data_are_splits() -> None:
    found = Population("draws", ("split", "init"), train=60, validation=20, test=20)
    assert found.examples("validation") == "splits"
    assert found.overlap("validation") == pytest.approx(1 / 3)
    assert (found.examples("test"), found.overlap("test")) == ("fixed", 0)


@pytest.mark.parametrize(
    ("population", "text"),
    [
        (
            {"variation": "draws", "sources": ("data", "init")},
            "The runs vary in the examples (drawn anew for every seed) and the initial weights; each is measured on 1,000 test "
            "examples.",
        ),
        (
            {"variation": "splits", "sources": ("split",)},
            "The runs vary in the split of one pool of 2,000 examples; each is measured on 1,000 test examples; "
            "their initial weights are the same.",
        ),
        (
            {"variation": "fixed", "sources": ("init", "order", "noise")},
            "The runs vary in the initial weights, the order of the examples and the random numbers of layers; all are measured on "
            "the same 1,000 test examples, so that nothing is said about other data.",
        ),
    ],
)
def test_in_words(population: dict[str, Any], text: str) -> None:
    assert Population(**population, train=1000, validation=0, test=1000).describe() == text
