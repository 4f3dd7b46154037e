"""The view and the links for MLflow's UI; tests/browser checks how MLflow displays them."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from regnet.tracking.store.messages import TAG_LENGTH
from regnet.tracking.ui.descriptions import launch_note, study_note, with_block
from regnet.tracking.ui.view import compare_link, grouped_link, view_state, view_tag
from tests.conftest import RunStudy

LAUNCH = "multirun/2026-11-24/11-55-24"


def unpacked(state: str) -> Any:
    kind, _, packed = state.partition(";")
    assert kind == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_view_shows_the_runs_of_a_launch_by_label() -> None:
    state = unpacked(view_state(LAUNCH, ["lr=0.1", "lr=0.2"], {"train", "test"}))
    assert state["searchFilter"] == f"tags.`regnet.role` = 'run' and tags.`regnet.launch` = '{LAUNCH}'"
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "regnet.label"}]
    assert state["groupsExpanded"] == {"tag.regnet.label.lr=0.1": False, "tag.regnet.label.lr=0.2": False}
    assert [section["name"] for section in state["compareRunSections"]] == ["test", "train"]


def test_view_of_many_studies_fits_into_a_tag() -> None:
    labels = [f"{number**5:x}" * 4 for number in range(1000)]
    state = view_state(LAUNCH, labels)
    assert len(state) <= TAG_LENGTH
    assert "groupsExpanded" not in unpacked(state)


def test_link_opens_the_view_of_its_launch() -> None:
    link = urlsplit(urlsplit(grouped_link("7", LAUNCH, "http://127.0.0.1:5000/")).fragment)
    assert link.path == "/experiments/7/runs"
    assert view_tag(LAUNCH) == f"mlflow.sharedViewState.{parse_qs(link.query)['viewStateShareKey'][0]}"
    assert view_tag(LAUNCH) != view_tag("another")


def test_without_a_server_links_are_relative() -> None:
    assert grouped_link("7", LAUNCH).startswith("#/experiments/7/")
    link = urlsplit(compare_link("7", ["a", "b"]).removeprefix("#"))
    query = parse_qs(link.query)
    assert (json.loads(query["runs"][0]), json.loads(query["experiments"][0])) == (["a", "b"], ["7"])


BLOCK = "<!-- regnet -->\nnew\n<!-- /regnet -->"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK),
        ("Mine.", f"Mine.\n\n{BLOCK}"),
        ("Mine.\n<!-- regnet -->\nold\n<!-- /regnet -->\nAlso mine.", f"Mine.\n{BLOCK}\nAlso mine."),
    ],
)
def test_text_of_the_user_is_kept(before: str, after: str) -> None:
    assert with_block(before, "new", TAG_LENGTH) == after


def test_long_description_is_truncated() -> None:
    text = with_block("Mine.", "\n".join(f"line {number}" for number in range(100)), 200)
    assert len(text) <= 200
    assert text.startswith("Mine.\n\n<!-- regnet -->\nline 0\n")
    assert text.endswith("\n<!-- /regnet -->")


def test_descriptions_name_the_runs_on_which_a_mean_depends(run: RunStudy) -> None:
    result = run("seeds=6", "epochs=1", "dataset.train_size=20", "dataset.test_size=20")
    ends = np.array([[0.01], [0.02], [0.01], [0.03], [0.02], [0.5]])
    odd = replace(result, history={**result.history, "test/error_rate": ends}, unlearned={})
    line = "seed 5 (50.00 %): 1 run of 6 (16.7 %, 95 % interval 0.42 to 64.1 %) ended far from the rest."
    assert f"{result.name}: {line}" in study_note(odd, {})
    assert f"second: {line}" in launch_note(
        [replace(odd, history={**result.history, "test/error_rate": ends / 50}), odd], ["first", "second"]
    )
    assert "far from the rest" not in study_note(replace(odd, history={"test/error_rate": ends[:5].repeat(2, 0)[:6]}), {})
