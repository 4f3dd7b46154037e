"""The plan of a launch: what is read is what was written, and nothing else."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regnet.errors import ConfigError, DamagedFile
from regnet.launch_folder.find import find_launch
from regnet.launch_folder.json_lines import json_line, read_lines
from regnet.launch_folder.plan import (
    PLAN,
    Continuation,
    PlannedBatch,
    PlannedJob,
    Start,
    append_batch,
    read_plan,
    start_plan,
)
from regnet.launch_folder.plan_jobs import continue_plan, plan_jobs

START = Start(
    launch="multirun/ü",
    id="0123456789ab",
    words=("-m", "optimizer.lr=0.1,0.2", "seeds=3"),
    multirun=True,
    folder="multirun/ü",
    directory="/somewhere",
    store=None,
    versions={"regnet-framework": "0.1.0"},
    commit=None,
    dirty=False,
    host="here",
    started="2026-01-31T12:00:00+00:00",
    settings={},
)
JOBS = (
    PlannedJob(0, "0", "a", "1c1e7b5eb218", (0, 1, 2), ("optimizer.lr=0.1",)),
    PlannedJob(1, "1", "b", "b2b592e4a513", (0, 1, 2), ("optimizer.lr=0.2",)),
)
BATCH = PlannedBatch(JOBS, workers=2, memory=10**9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    start_plan(tmp_path, START)
    append_batch(tmp_path, BATCH)
    return tmp_path


def test_a_plan_is_read_as_it_was_written(folder: Path) -> None:
    continue_plan(folder, Continuation(("-m", "seeds=5"), {}, "there", "now", {}))
    plan_jobs(folder, [replace(JOBS[0], seeds=(0, 1, 2, 3, 4))], 1, 10)
    plan = read_plan(folder)
    assert plan
    assert (plan.start, plan.words) == (START, ("-m", "seeds=5"))
    assert plan.batches[0] == BATCH
    assert [job.seeds for job in plan.jobs.values()] == [(0, 1, 2, 3, 4), (0, 1, 2)]
    assert plan.runs == 8


def test_a_plan_cut_at_any_byte_has_the_lines_before(folder: Path) -> None:
    """A process that is killed while it writes a line has not trained anything of it; the next one writes the line again."""
    content = (folder / PLAN).read_bytes()
    first = content.index(b"\n") + 1
    for end in range(len(content)):
        (folder / PLAN).write_bytes(content[:end])
        plan = read_plan(folder)
        if end < first:
            assert plan is None
        else:
            assert plan
            assert (plan.start, plan.batches) == (START, ())
    append_batch(folder, BATCH)
    assert (folder / PLAN).read_bytes() == content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_noticed(folder: Path, data: st.DataObject) -> None:
    whole = read_plan(folder)
    content = bytearray((folder / PLAN).read_bytes())
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] = data.draw(st.integers(0, 255).filter(lambda value: value != content[index]))
    copy = folder / "copy"
    copy.mkdir(exist_ok=True)
    (copy / PLAN).write_bytes(content)
    try:
        plan = read_plan(copy)
    except DamagedFile as error:
        assert str(copy / PLAN) in str(error)  # noqa: PT017  # not every change is an error
    else:  # the last line is not complete, or means the same
        assert plan is None or (plan.start == START and plan.batches in ((), (BATCH,)))
        assert whole


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regnet.launch_folder.plan.FORMAT", 2)
    start_plan(tmp_path, START)
    monkeypatch.undo()
    with pytest.raises(DamagedFile, match="has format 2, expected 1"):
        read_plan(tmp_path)


def test_jobs_are_planned_once(folder: Path) -> None:
    assert plan_jobs(folder, JOBS, workers=8, memory=8) == [BATCH]
    more = replace(JOBS[1], seeds=(0, 1, 2, 3))
    assert plan_jobs(folder, [more], workers=8, memory=8) == [
        PlannedBatch((JOBS[1],), 2, 10**9),
        PlannedBatch((replace(JOBS[1], seeds=(3,)),), 8, 8),
    ]


def test_a_job_that_does_not_fit_the_plan_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"job 0 of .* was planned as study 1c1e7b5eb218 \(a\), and is ffff \(c\) now"):
        plan_jobs(folder, [replace(JOBS[0], study="ffff", name="c")], 1, 1)
    with pytest.raises(ConfigError, match="was planned with seed 2, which is left out now"):
        plan_jobs(folder, [replace(JOBS[0], seeds=(0, 1))], 1, 1)


def test_two_jobs_in_one_folder_are_refused(tmp_path: Path) -> None:
    start_plan(tmp_path, START)
    with pytest.raises(ConfigError, match=r"jobs 0 and 1 have the same folder, same: set hydra\.sweep\.subdir"):
        plan_jobs(tmp_path, [replace(job, folder="same") for job in JOBS], 1, 1)


def test_launches_are_found_by_folder_name_and_id(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root")
    with pytest.raises(ConfigError, match="there is no launch below"):
        find_launch(None, root)
    shutil.copytree(folder, root / "a" / "b")
    for name in (None, str(root / "a/b"), START.launch, START.id):
        assert find_launch(name, root).start == START
    with pytest.raises(ConfigError, match="there is no launch 'c': available:"):
        find_launch("c", root)


def test_of_processes_that_start_at_the_same_time_one_gets_the_folder(tmp_path: Path) -> None:
    starts = [replace(START, id=str(number)) for number in range(16)]
    began = threading.Barrier(len(starts))

    def begin(start: Start) -> str | None:
        began.wait()
        try:
            start_plan(tmp_path, start)
        except FileExistsError:
            return None
        return start.id

    with ThreadPoolExecutor(len(starts)) as pool:
        won = [started for started in pool.map(begin, starts) if started is not None]
    plan = read_plan(tmp_path)
    assert plan
    assert won == [plan.start.id]


def test_a_plan_that_was_cut_off_in_its_first_line_is_replaced(tmp_path: Path) -> None:
    start_plan(tmp_path, START)
    path = tmp_path / PLAN
    path.write_bytes(path.read_bytes()[:-5])
    start_plan(tmp_path, replace(START, id="another"))
    plan = read_plan(tmp_path)
    assert plan
    assert plan.start.id == "another"


@pytest.mark.parametrize("line", ["[" * 100_000, "{}", "nothing"])
def test_a_plan_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / PLAN).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(DamagedFile, match="damaged in line 1"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"folder": "../outside"}, "the folder of job 0 is outside the launch's"),
        ({"folder": "/outside"}, "the folder of job 0 is outside the launch's"),
        ({"unknown": 1}, "is not a plan of this version"),
        ({"study": None}, "is not a plan of this version"),
    ],
    ids=str,
)
def test_a_planted_plan_is_refused(folder: Path, changes: dict[str, object], expected: str) -> None:
    """Its checksums hold, but its jobs are outside the launch's folder, or have other entries."""
    lines = [line for line, _ in read_lines(folder / PLAN, (folder / PLAN).read_bytes())]
    job = lines[1]["jobs"][0]
    job.update(changes)
    if changes.get("study", job) is None:
        del job["study"]
    (folder / PLAN).write_bytes(b"".join(map(json_line, lines)))
    with pytest.raises(DamagedFile, match=expected):
        read_plan(folder)
