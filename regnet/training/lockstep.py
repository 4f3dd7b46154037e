"""Lockstep over many studies: studies that differ only in what replicas may differ in are trained as one program."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import torch

from regnet.contracts import Buffer
from regnet.engines.replicas import Structure, structure
from regnet.errors import Diverged, RegnetError
from regnet.events import StudyEnded, StudyStarted
from regnet.machine import free_memory, usable_cores
from regnet.network.parameters import leaves
from regnet.registry.dispatch import Observer
from regnet.study.flatten import differing_names, flatten
from regnet.study.result import StudyResult, join, with_faults
from regnet.study.study import Study
from regnet.training.program import Outcome, Program, StudySlice, reason_of, run_program
from regnet.training.worker_pool import can_start_workers, run_in_workers

log = logging.getLogger("regnet")

MANY = 256
"""The number of replicas above which a program does not become more efficient, and does not fit in the processor's cache."""
FEW = 32
"""The number of replicas below which a program takes noticeably more time for each."""
WORTHWHILE = 2.0
"""The least work of a worker in seconds: starting one takes 1.6 s, mostly to load torch."""
PER_STEP, PER_PRODUCT, PER_ACTIVATION = 1e-6, 0.12e-9, 1e-9
"""The least time in seconds: of a step for one replica, of each product of an example with a weight, and of each activation.

Fitted to programs of 32 and 128 replicas from 2-6-2 at batch 10 to 2-256-256-2 at batch 64, on one thread.
"""


@dataclass(frozen=True)
class Group:
    """Studies that are trained together."""

    jobs: tuple[int, ...]
    """The indices of the studies."""
    reason: str
    """The options in which the studies differ, or why there is only one."""


def plan(studies: Sequence[Study]) -> list[Group]:
    """Group the studies that are trained together; groups are in the order of their first studies."""
    alone = {job: reason for job, study in enumerate(studies) if (reason := _why_alone(study))}
    structures = {job: structure(study) for job, study in enumerate(studies) if job not in alone}
    groups: dict[Structure, list[int]] = defaultdict(list)
    for job, found in structures.items():
        groups[found].append(job)
    plan = [Group((job,), reason) for job, reason in alone.items()]
    for found, jobs in groups.items():
        rest = [candidate for candidate in groups if candidate != found]
        reason = _differences([studies[job] for job in jobs]) if len(jobs) > 1 else _why_single(found, rest)
        plan.append(Group(tuple(jobs), reason))
    return sorted(plan, key=lambda group: group.jobs)


def run_together(
    studies: Sequence[Study], observer: Observer, workers: int = 1, memory: int | None = None
) -> Iterator[tuple[int, StudyResult | Exception]]:
    """Train every study, in as few programs as possible, and yield the outcome of each as soon as it is known.

    Studies that cannot be trained with others are trained last, one at a time, so that others do not affect their time.

    Args:
        studies: the studies, which may differ in anything; outcomes refer to them by index, from 0.
        observer: is notified of all events.
        workers: the number of processes that may train at once; 0 for as many as there are cores.
        memory: bytes that all running programs may use, as estimated beforehand; by default half of the free memory.
    """
    groups = plan(studies)
    lockstep = [group for group in groups if studies[group.jobs[0]].replicas == "lockstep"]
    processes = _processes(sum(_seconds(group, studies) for group in lockstep), workers or usable_cores())
    memory = memory or free_memory() // 2
    together = [program for group in lockstep for program in _programs(group, studies, processes, memory)]
    solo = [job for group in groups if group not in lockstep for job in group.jobs]
    alone = [Program((StudySlice(job, (seed,)),), replica_axis=False) for job in solo for seed in studies[job].seeds]
    collector = _Collector(studies, observer)
    if processes > 1 and len(together) > 1:
        yield from collector.outcomes(run_in_workers(collector.starting(together), studies, observer, processes))
    else:
        yield from collector.outcomes(_run_here(collector.starting(together), studies, observer))
    yield from collector.outcomes(_run_here(collector.starting(alone), studies, observer))


def _run_here(programs: Iterable[Program], studies: Sequence[Study], observer: Observer) -> Iterator[Outcome]:
    for program in programs:
        yield from run_program(program, studies, observer)


class _Collector:
    """Joins the slices of each study, and reports when a study starts and ends."""

    def __init__(self, studies: Sequence[Study], observer: Observer) -> None:
        self._studies = studies
        self._observer = observer
        self._missing = {job: set(study.seeds) for job, study in enumerate(studies)}
        self._results: dict[int, list[StudyResult]] = {}
        self._faults: dict[int, dict[int, Exception]] = defaultdict(dict)

    def starting(self, programs: Sequence[Program]) -> Iterator[Program]:
        """The programs in order, each after the start of its studies was reported."""
        for program in programs:
            for part in program.slices:
                if part.job not in self._results:
                    self._results[part.job] = []
                    self._observer.notify(StudyStarted(self._studies[part.job]))
            yield program

    def outcomes(self, outcomes: Iterable[Outcome]) -> Iterator[tuple[int, StudyResult | Exception]]:
        """Each study's outcome, as soon as all its seeds have one: an exception only if no seed was trained."""
        for (job, seeds), outcome in outcomes:
            self._missing[job] -= set(seeds)
            if isinstance(outcome, Exception):
                self._faults[job] |= dict.fromkeys(seeds, outcome)
            else:
                self._results[job].append(outcome)
            if not self._missing[job]:
                yield job, self._joined(job)

    def _joined(self, job: int) -> StudyResult | Exception:
        study, results, faults = self._studies[job], self._results.pop(job), self._faults.pop(job, {})
        if not results:
            return next(faults[seed] for seed in study.seeds)
        if faults:
            _log_bugs(study, faults)
            result = with_faults(results, {seed: reason_of(error) for seed, error in faults.items()}, study.seeds)
        else:
            result = join(sorted(results, key=lambda part: study.seeds.index(part.seeds[0])))
        self._observer.notify(StudyEnded(study, result))
        return result


def _log_bugs(study: Study, faults: Mapping[int, Exception]) -> None:
    """Log the first traceback of what is no user's mistake, since the study's result has only the reason."""
    bug = next(((seed, error) for seed, error in faults.items() if not isinstance(error, RegnetError)), None)
    if bug:
        log.error("%s: seed %s failed", study.name, bug[0], exc_info=bug[1])


def _why_alone(study: Study) -> str:
    """Why a study cannot be trained with any other; empty if it can."""
    if study.engine != "handbuilt":
        return f"engine={study.engine} trains one seed at a time"
    return "" if study.replicas == "lockstep" else f"replicas={study.replicas}"


def _why_single(found: Structure, rest: Sequence[Structure]) -> str:
    """The differences of a structure from the most similar one in `rest`."""
    if not rest:
        return "there is no other"
    closest = min((set(found) ^ set(candidate) for candidate in rest), key=len)
    names = sorted({name for name, _ in closest})
    return f"no other has {', '.join(f'{name}={value}' for name, value in found if name in names) or names[0]}"


def _differences(studies: Sequence[Study]) -> str:
    """The options of the configurations in which the studies differ."""
    differing = differing_names([flatten(study.config) for study in studies])
    return f"they differ in {', '.join(differing)}" if differing else "they are alike"


def _processes(seconds: float, workers: int) -> int:
    """The number of processes, at most `workers`, that work of `seconds` is worth."""
    return max(1, min(workers if can_start_workers() else 1, int(seconds // WORTHWHILE)))


def _programs(group: Group, studies: Sequence[Study], processes: int, memory: int) -> list[Program]:
    """A group's jobs in programs of about the same size, small enough for the cache and the memory.

    Each process has the same number of programs; there are no more processes than the work is worth.
    """
    runs = [(job, seed) for job in group.jobs for seed in studies[job].seeds]
    total = len(runs)
    processes = max(1, min(_processes(_seconds(group, studies), processes), total // FEW))
    fitting = max(1, memory // (processes * bytes_per_replica(studies[group.jobs[0]])))
    count = math.ceil(math.ceil(total / min(fitting, MANY)) / processes) * processes
    cuts = [round(total * cut / count) for cut in range(count + 1)]
    return [Program(_slices(runs[start:end]), replica_axis=total > 1) for start, end in pairwise(cuts) if end > start]


def _slices(runs: Sequence[tuple[int, int]]) -> tuple[StudySlice, ...]:
    return tuple(StudySlice(job, tuple(seed for _, seed in group)) for job, group in groupby(runs, key=itemgetter(0)))


def bytes_per_replica(study: Study) -> int:
    """The approximate memory of one replica, in bytes.

    It includes three copies of the examples: the original, stacked, and in batches. It includes of each parameter the start, the
    value, the gradient, an optimizer's state and the final weight, and of each layer the activations for a batch.
    """
    numbers, widths = _sizes(study)
    examples = 3 * sum(study.examples) * (widths[0] + 2 * widths[-1])
    return (examples + 8 * numbers + 2 * study.batch_size * sum(widths)) * study.dtype.itemsize


def _seconds(group: Group, studies: Sequence[Study]) -> float:
    """The least time, in seconds, that a group takes in one process."""
    study = studies[group.jobs[0]]
    numbers, widths = _sizes(study)
    step = PER_STEP + study.batch_size * (PER_PRODUCT * numbers + PER_ACTIVATION * sum(widths))
    steps = study.epochs * math.ceil(study.examples[0] / study.batch_size)
    return steps * step * sum(len(studies[job].seeds) for job in group.jobs)


def _sizes(study: Study) -> tuple[int, list[int]]:
    """The size of all parameters and buffers, and the widths of the input and of each layer's output."""
    features, widths, numbers = study.features, [study.features], 0
    for layer in study.network.layers:
        params, features = layer.init(features, torch.Generator())
        widths.append(features)
        numbers += sum((leaf.value if isinstance(leaf, Buffer) else leaf).numel() for _, leaf in leaves(params))
    return numbers, widths


def run_study(study: Study, observer: Observer) -> StudyResult:
    """Train every seed of the study and return the result; `observer` is notified of all events.

    A seed that fails, because it diverges, its data cannot be loaded or its worker is lost, is a failed run and a row of the
    result; the other seeds are not affected. If no seed can be trained, the first error is raised. Ctrl-C ends the study.
    """
    ((_, outcome),) = run_together([study], observer, study.workers)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def refuse_if_all_diverged(result: StudyResult) -> None:
    """Raise Diverged if every seed of the study diverged."""
    if len(result.failures) == len(result.seeds):
        first = result.seeds[0]
        which = f"seed {first}" if len(result.seeds) == 1 else f"all {len(result.seeds)} seeds, seed {first} for one,"
        raise Diverged(f"{which} {result.failures[first]}; a smaller optimizer.lr may help")
