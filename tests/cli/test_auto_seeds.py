"""``seeds=auto``: a sweep that trains as many seeds as it takes, stops, and can be continued."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regnet.launch_folder.looks import read_looks
from regnet.launcher.driver import Driver
from regnet.study.storage import find_results, load_result
from tests.conftest import Inside

SMALL = ("dataset.train_size=60", "dataset.test_size=200", "epochs=15", "hydra/launcher=lockstep")
SWEEP = ("run", "-m", "seeds=auto", "gap=1", "max_seeds=20", "optimizer.lr=0.0001,0.05,0.06", "hydra.sweep.dir=here", *SMALL)
TWO = ("run", "-m", "seeds=auto", "gap=0.001", "max_seeds=7", "seed=3", "optimizer.lr=0.05,0.051", "hydra.sweep.dir=here")


def seeds(folder: Path) -> list[int]:
    return sorted(len(load_result(path).seeds) for path in find_results(folder))


@pytest.mark.slow
def test_seeds_are_added_until_enough_is_shown(inside: Inside, tmp_path: Path) -> None:
    """A rate that learns nothing stops first; the page, the store and a later comparison know of the looks."""
    done = inside(*SWEEP, "report=page")
    assert done.code == 0, done.stderr
    looks = read_looks(tmp_path / "here")
    assert looks is not None
    assert looks.ended
    assert seeds(tmp_path) == sorted(looks.stopped.values())
    assert min(looks.stopped.values()) < max(looks.stopped.values())
    assert {closed.outcome for closed in looks.closed} >= {"decided"}
    assert done.stdout.count("Look ") == sum(number <= max(looks.stopped.values()) for number in looks.schedule)
    assert f"As many seeds as it takes: {max(looks.stopped.values())} of at most 20" in done.stdout
    for name in ("table.md", "report.html"):
        assert "As many seeds as it takes" in (tmp_path / "here" / "report" / name).read_text()
    found = json.loads(inside("compare", "--json").stdout)
    assert {study["n"] for study in found["studies"]} == {*looks.stopped.values()}
    assert found["rules"]["level"] > 0.95
    assert any("seeds=auto chose the number of seeds by the values" in note for note in found["notes"])
    assert not any("seeds were added later" in note for note in found["notes"])
    before = {path: (path / "result.safetensors").stat().st_mtime_ns for path in find_results(tmp_path)}
    again = inside("resume")
    assert (again.code, again.stdout.count("Look ")) == (0, 0)
    assert {path: (path / "result.safetensors").stat().st_mtime_ns for path in find_results(tmp_path)} == before
    other = inside("resume", "gap=2")
    assert other.code == 2
    assert "was started with gap=1 power=0.8 max_seeds=20: these are set before the values are seen" in other.stderr


def test_an_interrupted_launch_continues_at_its_look(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeds of a look that was interrupted are trained, and then the values are looked at."""
    run, calls = Driver.run, []

    def interrupted(driver: Driver) -> None:
        calls.append(driver)
        if len(calls) == 2:
            raise KeyboardInterrupt
        run(driver)

    monkeypatch.setattr(Driver, "run", interrupted)
    assert inside(*TWO, *SMALL, "tracking=none").code == 130
    looks = read_looks(tmp_path / "here")
    assert looks is not None
    assert (looks.look, looks.closed) == (1, ())
    assert seeds(tmp_path) == [5, 5]
    resumed = inside("resume")
    assert resumed.stdout.count("Look ") == 1
    assert "not decided" in resumed.stdout
    assert seeds(tmp_path) == [7, 7]


def test_two_looks_with_the_seeds_in_between(inside: Inside, tmp_path: Path) -> None:
    done = inside(*TWO, *SMALL, "tracking=none")
    assert done.code == 0
    assert done.stdout.count("Look ") == 2
    assert "not decided" in done.stdout
    assert "max_seeds is reached" in done.stdout
    assert [load_result(path).seeds for path in find_results(tmp_path)] == [tuple(range(3, 10))] * 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("seeds=auto", "gap=1"), "so it takes a sweep: add -m, or set seeds=20"),
        (("-m", "seeds=auto", "optimizer.lr=0.1,0.2"), "seeds=auto takes gap=NUMBER, the smallest difference that matters"),
        (("-m", "seeds=auto", "gap=0", "optimizer.lr=0.1,0.2"), "gap should be greater than 0; got 0"),
        (("-m", "seeds=auto", "gap=1", "power=1", "optimizer.lr=0.1,0.2"), "power should be less than 1; got 1"),
        (("-m", "seeds=auto", "gap=1", "max_seeds=1", "optimizer.lr=0.1,0.2"), "max_seeds should be greater than or equal to 2"),
        (("-m", "seeds=auto,5", "gap=1"), "seeds=auto is for a whole launch"),
    ],
)
def test_mistakes(inside: Inside, words: tuple[str, ...], message: str) -> None:
    found = inside("run", *words, *SMALL[:3], "tracking=none")
    assert found.code == 2
    assert message in found.stderr
    assert "Traceback" not in found.stderr
