"""Studies are found by their names, in one experiment or in all, by SQL and by MLflow's client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from regnet.errors import TrackingError
from regnet.tracking.read.deduplicate import unite
from regnet.tracking.read.params import nested, value_of
from regnet.tracking.read.select import launched_runs, select_runs
from regnet.tracking.read.studies import by_study, final_results
from regnet.tracking.store import messages
from regnet.tracking.store.client_store import ClientStore
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.store import Store, TrackedRun
from regnet.tracking.write.run_buffer import RunBuffer

MakeClient = Callable[[], MlflowClient]
Story = tuple[str, str, str, str, dict[int, float | None]]
"""Identity, name, label and launch of a study, and the final values of its seeds: None for a failed seed."""

FIRST: Story = ("aaa", "plain", "lr=0.1", "monday", {0: 0.1, 1: 0.2})
AGAIN: Story = ("aaa", "plain", "lr=0.1", "tuesday", {1: 0.3, 2: None})
OTHER: Story = ("bbb", "it's", "monday", "tuesday", {0: 0.4})


@pytest.fixture(params=["rows", "client"])
def filled(store: MakeClient, request: pytest.FixtureRequest) -> Store:
    """A store with three launches in two experiments, read by SQL or by the client."""
    write_study("one", Path.cwd(), FIRST)
    write_study("two", Path.cwd(), AGAIN, start=2_000)
    write_study("two", Path.cwd(), OTHER, start=3_000)
    return ClientStore(store()) if request.param == "client" else store_of(store())


def write_study(experiment: str, folder: Path, story: Story, start: int = 1_000) -> None:
    """Writes a study as the writing process would."""
    buffer = RunBuffer(messages.Destination(f"sqlite:///{folder}/mlflow.db", experiment, folder))
    for record in events(story, start):
        buffer.add(record)
    buffer.write()


def events(story: Story, start: int) -> Iterator[messages.Record]:
    identity, name, label, launch, ends = story
    tags = {"regnet.study": identity, "regnet.study_name": name, messages.LABEL: label, "regnet.launch": launch}
    tags |= {"regnet.role": "run", messages.LAUNCH_ID: launch}
    yield messages.StudyBegun(0, name, {}, tags, {"optimizer.lr": "0.1", "study": "None"})
    yield messages.DataSeen(0, "none", {})
    for run, (seed, end) in enumerate(ends.items()):
        yield messages.RunBegun(run, 0, 0, seed, start + seed)
        metrics = {} if end is None else {"final/test/error_rate": end}
        why = {"regnet.failure": "diverged"} if end is None else {}
        yield messages.RunEnded(run, start + 100, "FINISHED" if end is not None else "FAILED", 5, metrics, why)
    yield messages.StudySummed("sum", start, {**tags, "regnet.role": "summary"}, {}, {}, None)


def seen(found: list[TrackedRun]) -> list[tuple[str, str, int]]:
    return [(run.launch, run.study, run.seed) for run in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [("tuesday", "aaa", 1), ("tuesday", "aaa", 2), ("tuesday", "bbb", 0)]),
        (["bbb"], [("tuesday", "bbb", 0)]),
        (["it's"], [("tuesday", "bbb", 0)]),
        (["monday"], [("tuesday", "bbb", 0)]),  # a label comes before a launch
        (["lr=0.1"], [("monday", "aaa", 0), ("monday", "aaa", 1), ("tuesday", "aaa", 1), ("tuesday", "aaa", 2)]),
        (["regnet.launch=monday"], [("monday", "aaa", 0), ("monday", "aaa", 1)]),
        (["it's", "tuesday"], [("tuesday", "bbb", 0), ("tuesday", "aaa", 1), ("tuesday", "aaa", 2)]),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_words(filled: Store, words: list[str], expected: list[tuple[str, str, int]]) -> None:
    assert seen(select_runs(filled, words)) == expected


def test_search_in_an_experiment(filled: Store) -> None:
    assert seen(select_runs(filled, ["plain"], "one")) == [("monday", "aaa", 0), ("monday", "aaa", 1)]
    assert seen(select_runs(filled, [], "one")) == [("monday", "aaa", 0), ("monday", "aaa", 1)]
    with pytest.raises(TrackingError, match=r"called 'it\\'s'|called \"it's\""):
        select_runs(filled, ["it's"], "one")


def test_deleted_runs_are_not_found(filled: Store, store: MakeClient) -> None:
    store().delete_run(select_runs(filled, ["bbb"])[0].run_id)
    with pytest.raises(TrackingError, match="'bbb'"):
        select_runs(filled, ["bbb"])


def test_unknown_names_have_suggestions(filled: Store) -> None:
    with pytest.raises(TrackingError, match=r"is called 'plane': the closest names are 'plain'"):
        select_runs(filled, ["plane"])
    with pytest.raises(TrackingError, match=r"no launch is called 'mond': the closest names are 'monday'"):
        launched_runs(filled, "mond")
    with pytest.raises(TrackingError, match=r"did you mean 'one'\?"):
        select_runs(filled, ["plain"], "on")


def test_store_without_runs(store: MakeClient) -> None:
    for words in ([], ["x"]):
        with pytest.raises(TrackingError, match="no regnet runs"):
            select_runs(store_of(store()), words)
    with pytest.raises(TrackingError, match="no regnet runs"):
        launched_runs(store_of(store()))


@pytest.mark.parametrize("filled", ["client"], indirect=True)
def test_names_that_the_client_cannot_search_for(filled: Store) -> None:
    with pytest.raises(TrackingError, match="both kinds of quotation marks"):
        select_runs(filled, ["'\""])


def test_sql_equals_client(filled: Store, store: MakeClient) -> None:
    found = filled.find_runs(filled.experiments(), {})
    assert len(found) == 8
    for other in (store_of(store()), ClientStore(store())):
        assert other.find_runs(other.experiments(), {}) == found
        assert other.tag_values(other.experiments(), ["regnet.launch"]) == {"monday", "tuesday"}
        assert other.newest_run(other.experiments()) == filled.newest_run(filled.experiments())


def test_study_in_two_launches_has_each_seed_once(filled: Store) -> None:
    union = unite(select_runs(filled, ["plain", "bbb"]))
    assert seen(list(union.runs)) == [("monday", "aaa", 0), ("tuesday", "aaa", 1), ("tuesday", "aaa", 2), ("tuesday", "bbb", 0)]
    united, unlike, added = union.notes
    assert united.startswith("'plain' (aaa) was run in 2 launches (monday, tuesday): its 3 seeds are combined, and seeds")
    assert "seed 1" in unlike
    assert added.startswith("seeds were added later, in 2 steps")
    first, second = final_results(union.runs)
    assert (first.seeds, first.failures, second.seeds) == ((0, 1, 2), {2: "diverged"}, (0,))
    assert first.history["test/error_rate"][:2].tolist() == [[0.1], [0.3]]
    assert first.config == {"optimizer": {"lr": 0.1}, "study": None}


def test_finished_run_precedes_a_newer_failed_one(store: MakeClient) -> None:
    store()
    write_study("one", Path.cwd(), FIRST)
    write_study("one", Path.cwd(), ("aaa", "plain", "lr=0.1", "friday", {0: None}), start=9_000)
    (union,) = by_study(unite(select_runs(store_of(store()), ["aaa"])).runs).values()
    assert [(run.seed, run.launch, run.failure) for run in union] == [(0, "monday", None), (1, "monday", None)]


def test_types_of_parameters() -> None:
    texts = ["True", "False", "None", "12", "-3", "1e-05", "0.5", "relu", "[25, 25]", "", "1.2.3"]
    values = [True, False, None, 12, -3, 1e-05, 0.5, "relu", "[25, 25]", "", "1.2.3"]
    assert [value_of(text) for text in texts] == values
    assert [type(value_of(text)) for text in texts] == [type(value) for value in values]
    assert nested({"a.b.0.c": "1", "a.b.1.c": "2", "d": "x"}) == {"a": {"b": {"0": {"c": 1}, "1": {"c": 2}}}, "d": "x"}
