"""Training what an earlier process left unfinished: the same numbers, and no event of a seed that is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from regnet.events import RunEnded, RunStarted, StudyEnded
from regnet.study.result import StudyResult, join
from regnet.study.study import Replicas, Study
from regnet.training.checkpoint import CheckpointRule
from regnet.training.lockstep import Batch, run_together
from regnet.training.program import StudySlice
from tests.conftest import MakeStudy
from tests.training.together import SMALL, Observer, assert_same, processes, train


class Kept:
    """A keeper in memory, which has some seeds of some jobs."""

    deadline: float | None = None

    def __init__(self, finished: Mapping[int, StudyResult]) -> None:
        self.results: dict[int, list[StudyResult]] = {job: [result] for job, result in finished.items()}

    def finished(self, job: int) -> StudyResult | None:
        return join(self.results[job]) if job in self.results else None

    def keep(self, job: int, result: StudyResult) -> None:
        self.results.setdefault(job, []).append(result)

    def checkpoints(self, job: int) -> CheckpointRule | None:
        return None


def some(result: StudyResult, *seeds: int) -> StudyResult:
    return join([result.of(seed) for seed in seeds])


@pytest.fixture
def studies(study: MakeStudy) -> list[Study]:
    return [study(*SMALL, "seeds=4", f"optimizer.lr={rate}", "model.hidden=[4]") for rate in (0.01, 0.02, 0.03)]


@pytest.mark.slow
@processes
@pytest.mark.usefixtures("small_programs")
@pytest.mark.parametrize("replicas", ["lockstep", "solo"])
def test_what_is_missing_gets_the_numbers_that_it_would_have_had(studies: list[Study], workers: int, replicas: Replicas) -> None:
    studies = [replace(study, replicas=replicas) for study in studies]
    whole = train(studies, workers)
    keeper, observer = Kept({0: whole[0], 1: some(whole[1], 0, 3)}), Observer()
    outcomes = dict(run_together(studies, observer, workers, keeper=keeper))
    for job, expected in enumerate(whole):
        outcome = outcomes[job]
        assert isinstance(outcome, StudyResult)
        assert outcome.seeds == expected.seeds
        assert_same(outcome, expected, exactly=True)
        assert outcome.together.tolist() == expected.together.tolist()
    started = [(studies.index(event.study), event.seed) for event in observer.events if isinstance(event, RunStarted)]
    assert sorted(started) == [(1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (2, 3)]
    ended = [event.result.seeds[0] for event in observer.events if isinstance(event, RunEnded) and event.study is studies[1]]
    assert sorted(ended) == [1, 2]
    assert {seed for event in observer.epochs if event.study is studies[1] for seed in event.seeds} == {1, 2}
    assert [studies.index(event.study) for event in observer.events if isinstance(event, StudyEnded)] in ([1, 2], [2, 1])
    assert sorted(seed for result in keeper.results[1] for seed in result.seeds) == [0, 1, 2, 3]


def test_a_finished_study_is_not_trained(studies: list[Study]) -> None:
    whole, observer = train(studies), Observer()
    outcomes = dict(run_together(studies, observer, keeper=Kept(dict(enumerate(whole)))))
    assert [outcomes[job] for job in range(3)]
    assert not observer.events


def test_more_seeds_do_not_change_the_programs_of_the_others(study: MakeStudy) -> None:
    first, more = study(*SMALL, "seeds=3"), study(*SMALL, "seeds=5")
    (whole,) = train([first])
    batches = [Batch.of([first], 1), Batch((StudySlice(0, (3, 4)),), 1, 10**9)]
    keeper = Kept({0: some(whole, 0, 1)})
    ((_, outcome),) = run_together([more], Observer(), batches=batches, keeper=keeper)
    assert isinstance(outcome, StudyResult)
    assert outcome.together.tolist() == [3, 3, 3, 2, 2]
    assert_same(some(outcome, 0, 1, 2), whole, exactly=True)


def test_results_are_kept_before_the_end_of_their_runs_is_reported(study: MakeStudy) -> None:
    order: list[str] = []

    class Watching(Observer):
        def notify(self, event: object) -> None:
            order.append(type(event).__name__)

    class Watched(Kept):
        def keep(self, job: int, result: StudyResult) -> None:
            order.append("kept")

    list(run_together([study(*SMALL, "seeds=2")], Watching(), keeper=Watched({})))
    assert order[-4:] == ["kept", "RunEnded", "RunEnded", "StudyEnded"]
