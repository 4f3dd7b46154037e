"""A job of a continued sweep belongs in the folder of its study, wherever the sweeper proposes it."""

from __future__ import annotations

from pathlib import Path

from regnet.launch_folder.placement import Placement
from regnet.launch_folder.plan import Plan, PlannedBatch, PlannedJob, Start

START = Start("here", "0" * 12, (), True, "here", "/", None, {}, None, False, "host", "2026-01-01T00:00:00+00:00", {})


def job(folder: str, study: str, *overrides: str) -> PlannedJob:
    return PlannedJob(int(folder) if folder.isdecimal() else 0, folder, study, study, (0,), overrides or (f"study={study}",))


def plan(*jobs: PlannedJob) -> Plan:
    return Plan(Path("plan.jsonl"), START, (PlannedBatch(jobs, 1, 1),))


def folders(jobs: list[PlannedJob]) -> list[str]:
    return [job.folder for job in jobs]


def test_a_new_launch_keeps_the_folders_of_its_sweeper() -> None:
    placement = Placement()
    first = placement.place(None, [job("0", "a"), job("1", "b")])
    assert folders(first) == ["0", "1"]
    assert folders(placement.place(plan(*first), [job("2", "c"), job("3", "a")])) == [
        "2",
        "3",
    ]  # a is trained twice: it was asked for


def test_known_studies_keep_their_folders_and_others_get_new_ones() -> None:
    placement = Placement()
    known = plan(job("0", "a"), job("1", "b"))
    placed = placement.place(known, [job("0", "new"), job("1", "a"), job("2", "b")])
    assert folders(placed) == ["2", "0", "1"]
    assert [found.number for found in placed] == [2, 0, 1]
    assert placement.left(known) == []


def test_the_next_batch_avoids_the_new_folders() -> None:
    placement = Placement()
    known = plan(job("0", "a"), job("1", "b"))
    first = placement.place(known, [job("0", "c")])
    assert folders(first) == ["2"]
    grown = plan(*known.jobs.values(), *first)
    second = placement.place(grown, [job("1", "d")])
    assert folders(second) == ["3"]
    assert folders(placement.place(plan(*grown.jobs.values(), *second), [job("2", "e"), job("3", "b")])) == ["4", "1"]
    assert folders(placement.left(known)) == ["0"]


def test_the_same_study_twice_is_two_jobs() -> None:
    assert folders(Placement().place(plan(job("0", "a"), job("1", "a")), [job("0", "a"), job("1", "a"), job("2", "a")])) == [
        "0",
        "1",
        "2",
    ]


def test_the_same_values_with_other_data_keep_their_folder() -> None:
    """So that the plan refuses them, instead of training them beside the old ones."""
    changed = job("0", "after", "dataset.path=a.csv")
    assert folders(Placement().place(plan(job("0", "before", "dataset.path=a.csv")), [changed])) == ["0"]


def test_a_folder_that_is_no_number_is_kept() -> None:
    assert folders(Placement().place(plan(job("x", "a")), [job("x", "b")])) == ["x"]
    assert folders(Placement().place(plan(job("lr=1", "a"), job("lr=2", "b")), [job("lr=2", "b")])) == ["lr=2"]
