"""The results of a job as they are kept: in slices, then in one file; a file that is damaged is never taken for a result."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regnet.errors import DamagedFile, RegnetError
from regnet.launch_folder.job_folder import JobFolder
from regnet.serving.packing import pack
from regnet.study.result import StudyResult, with_faults
from regnet.study.storage import RESULT, load_result, read_result, write_result
from tests.conftest import MakeStudy, RunStudy
from tests.study.test_result import equal

SMALL = ("seeds=4", "epochs=3", "model.hidden=[3]", "dataset.train_size=20", "dataset.test_size=10")


@pytest.fixture(scope="module")
def result(run: RunStudy) -> StudyResult:
    return run(*SMALL)


def test_slices_are_joined_in_one_file(result: StudyResult, study: MakeStudy, tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "0")
    assert folder.finished(result.identity) is None
    for seed in (2, 0):
        folder.keep(result.of(seed))
    kept = folder.finished(result.identity, study(*SMALL).network)
    assert kept
    assert sorted(kept.seeds) == [0, 2]
    assert equal(kept.of(2), result.of(2))
    for ours, theirs in zip(kept.networks, (result.networks[0], result.networks[2]), strict=True):
        assert pack(ours) == pack(theirs)
    folder.finish(result)
    assert [path.name for path in folder.path.iterdir()] == [RESULT]
    assert equal(load_result(folder.path), result)


def test_a_slice_of_all_seeds_is_not_written_again(result: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = JobFolder(tmp_path)
    folder.keep(result)
    monkeypatch.setattr("regnet.launch_folder.job_folder.write_result", None)
    folder.finish(result)
    assert [path.name for path in tmp_path.iterdir()] == [RESULT]
    assert equal(load_result(tmp_path), result)


def test_seeds_that_could_not_be_trained_are_not_finished(result: StudyResult, tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    folder.finish(with_faults([result.of(1)], {0: "OSError: no such file"}, [0, 1]))
    finished, recorded = folder.finished(result.identity), folder.recorded(result.identity)
    assert finished
    assert recorded
    assert (finished.seeds, recorded.seeds) == ((1,), (0, 1))
    assert recorded.faults == {0: "OSError: no such file"}


def test_results_of_another_study_are_ignored(result: StudyResult, tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    folder.keep(result)
    assert folder.finished("another") is None


def test_a_file_cut_at_any_byte_is_named_and_ignored(result: StudyResult, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = JobFolder(tmp_path)
    folder.keep(result.of(0))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    logging.disable(logging.WARNING)  # thousands
    for end in range(len(content)):
        path.write_bytes(content[:end])
        assert folder.finished(result.identity) is None
    logging.disable(logging.NOTSET)
    assert folder.finished(result.identity) is None
    assert f"{path} is damaged" in caplog.text
    assert "its seeds are trained again" in caplog.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_noticed(result: StudyResult, study: MakeStudy, tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole"
    if not whole.exists():
        write_result(result, whole)
    content = bytearray(whole.read_bytes())
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] = data.draw(st.integers(0, 255).filter(lambda value: value != content[index]))
    changed = tmp_path / "changed"
    changed.write_bytes(content)
    try:
        found = read_result(changed, study(*SMALL).network)
    except DamagedFile as error:
        assert str(changed) in str(error)  # noqa: PT017  # a changed space in the header is no error
    else:
        assert equal(found, result)
        for ours, theirs in zip(found.networks, result.networks, strict=True):
            assert all(torch.equal(value, theirs.weights[name]) for name, value in ours.weights.items())


def test_a_folder_that_cannot_be_written_is_named(result: StudyResult, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = JobFolder(tmp_path / "file" / "0")
    for write in (folder.keep, folder.finish):
        with pytest.raises(RegnetError, match=f"results cannot be written to {folder.path}: Not a directory"):
            write(result)


def test_what_a_killed_process_was_writing_is_removed(result: StudyResult, tmp_path: Path) -> None:
    (tmp_path / f"{RESULT}.123.part").write_bytes(b"half of it")
    JobFolder(tmp_path).finish(result)
    assert [path.name for path in tmp_path.iterdir()] == [RESULT]
