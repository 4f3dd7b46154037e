"""Running a study: train its seeds, and tell the listeners what happens."""

from __future__ import annotations

from regnet.errors import Diverged
from regnet.registry.dispatch import Audience
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_together


def run_study(study: Study, audience: Audience) -> StudyResult:
    """Trains every seed of the study and returns the result; `audience` hears of it.

    A seed that diverges is a failed run and a row of the result; the others are not touched. Anything else that goes wrong,
    and Ctrl-C, ends the study: the runs that were going on are told to have failed, and the exception goes on.
    """
    ((_, outcome),) = run_together([study], audience, study.workers)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def refuse_if_all_diverged(result: StudyResult) -> None:
    """Raises Diverged if not one seed of the study was trained to the end."""
    if len(result.failures) == len(result.seeds):
        first = result.seeds[0]
        which = f"seed {first}" if len(result.seeds) == 1 else f"all {len(result.seeds)} seeds, seed {first} for one,"
        raise Diverged(f"{which} {result.failures[first]}; a smaller optimizer.lr may help")
