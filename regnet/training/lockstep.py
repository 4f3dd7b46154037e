"""Lockstep over many studies: those that differ only in what replicas may differ in are trained as one program."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import itemgetter

import torch

from regnet.contracts import Buffer
from regnet.engines.replicas import Structure, structure
from regnet.errors import Diverged
from regnet.events import StudyEnded, StudyStarted
from regnet.machine import free_memory, usable_cores
from regnet.network.parameters import leaves
from regnet.registry.dispatch import Audience
from regnet.study.flatten import differing_names, flatten
from regnet.study.result import StudyResult, join
from regnet.study.study import Study
from regnet.training.program import Outcome, Program, StudySlice, run_program
from regnet.training.worker_pool import can_start_workers, run_in_workers

MANY = 256
"""Replicas above which a program gains nothing any more, and falls out of the processor's cache."""
FEW = 32
"""Replicas below which a program takes noticeably more time for each of them."""
WORTHWHILE = 2.0
"""Seconds of work that each worker has at least: it takes 1.6 s to start, mostly to load torch."""
PER_STEP, PER_PRODUCT, PER_ACTIVATION = 1e-6, 0.12e-9, 1e-9
"""Seconds that a step takes at least for one replica, for each product of an example with a weight, and for each activation.

Fitted to programs of 32 and 128 replicas from 2-6-2 at batch 10 to 2-256-256-2 at batch 64, on one thread.
"""


@dataclass(frozen=True)
class Group:
    """Studies that are trained together."""

    jobs: tuple[int, ...]
    """Which of the studies given."""
    reason: str
    """In what they differ, or why there is only one."""


def plan(studies: Sequence[Study]) -> list[Group]:
    """Which of the studies are trained together, in the order of each group's first."""
    alone = {job: why for job, study in enumerate(studies) if (why := _why_alone(study))}
    structures = {job: structure(study) for job, study in enumerate(studies) if job not in alone}
    groups: dict[Structure, list[int]] = defaultdict(list)
    for job, found in structures.items():
        groups[found].append(job)
    plan = [Group((job,), why) for job, why in alone.items()]
    for found, jobs in groups.items():
        others = [other for other in groups if other != found]
        reason = _differences([studies[job] for job in jobs]) if len(jobs) > 1 else _why_single(found, others)
        plan.append(Group(tuple(jobs), reason))
    return sorted(plan, key=lambda group: group.jobs)


def run_together(
    studies: Sequence[Study], audience: Audience, workers: int = 1, memory: int | None = None
) -> Iterator[tuple[int, StudyResult | Exception]]:
    """Trains every study, in as few programs as possible, and yields what became of each as it is known.

    Those that cannot go together with others are trained after the rest and one after another, so that their time is their own.

    Args:
        studies: in any mixture; their numbers, from 0, say whose an outcome is.
        audience: hears of all of them.
        workers: how many processes may train at once; 0 for as many as there are cores.
        memory: bytes that all programs at work may take, as far as that can be told beforehand; by default half of what is free.
    """
    groups = plan(studies)
    lockstep = [group for group in groups if studies[group.jobs[0]].replicas == "lockstep"]
    processes = _processes(sum(_seconds(group, studies) for group in lockstep), workers or usable_cores())
    memory = memory or free_memory() // 2
    together = [program for group in lockstep for program in _programs(group, studies, processes, memory)]
    solo = [job for group in groups if group not in lockstep for job in group.jobs]
    alone = [Program((StudySlice(job, (seed,)),), replica_axis=False) for job in solo for seed in studies[job].seeds]
    gathering = _Gathering(studies, audience, [*together, *alone])
    if processes > 1 and len(together) > 1:
        yield from gathering.outcomes(run_in_workers(gathering.starting(together), studies, audience, processes))
    else:
        yield from gathering.outcomes(_run_here(gathering.starting(together), studies, audience))
    yield from gathering.outcomes(_run_here(gathering.starting(alone), studies, audience))


def _run_here(programs: Iterable[Program], studies: Sequence[Study], audience: Audience) -> Iterator[Outcome]:
    for program in programs:
        yield from run_program(program, studies, audience)


class _Gathering:
    """Puts the slices of each study together again, and tells when a study starts and ends."""

    def __init__(self, studies: Sequence[Study], audience: Audience, programs: Sequence[Program]) -> None:
        self._studies = studies
        self._audience = audience
        self._missing = Counter(part.job for program in programs for part in program.slices)
        self._results: dict[int, list[StudyResult]] = {}
        self._failed: set[int] = set()

    def starting(self, programs: Sequence[Program]) -> Iterator[Program]:
        """The programs in turn, each without what is in vain: slices of a study that has failed elsewhere."""
        for program in programs:
            wanted = tuple(part for part in program.slices if part.job not in self._failed)
            for part in wanted:
                if part.job not in self._results:
                    self._results[part.job] = []
                    self._audience.tell(StudyStarted(self._studies[part.job]))
            if wanted:
                yield replace(program, slices=wanted)

    def outcomes(self, outcomes: Iterable[Outcome]) -> Iterator[tuple[int, StudyResult | Exception]]:
        """The studies' outcomes, each as soon as its last slice's is known, or the first one that failed."""
        for (job, _), outcome in outcomes:
            if job in self._failed:
                continue
            if isinstance(outcome, Exception):
                self._failed.add(job)
                yield job, outcome
                continue
            self._results[job].append(outcome)
            self._missing[job] -= 1
            if not self._missing[job]:
                order = self._studies[job].seeds.index
                result = join(sorted(self._results[job], key=lambda part: order(part.seeds[0])))
                self._audience.tell(StudyEnded(self._studies[job], result))
                yield job, result


def _why_alone(study: Study) -> str:
    """Why a study cannot be trained with others, whatever they are; empty if it can."""
    if study.engine != "handbuilt":
        return f"engine={study.engine} trains one seed at a time"
    return "" if study.replicas == "lockstep" else f"replicas={study.replicas}"


def _why_single(own: Structure, others: Sequence[Structure]) -> str:
    """In what a study differs from the one most like it, among those it cannot be trained with."""
    if not others:
        return "there is no other"
    closest = min((set(own) ^ set(other) for other in others), key=len)
    names = sorted({name for name, _ in closest})
    return f"no other has {', '.join(f'{name}={value}' for name, value in own if name in names) or names[0]}"


def _differences(studies: Sequence[Study]) -> str:
    """The configurations' options in which the studies differ."""
    differing = differing_names([flatten(study.config) for study in studies])
    return f"they differ in {', '.join(differing)}" if differing else "they are alike"


def _processes(seconds: float, workers: int) -> int:
    """How many processes, of so many at the most, work of that many seconds is worth."""
    return max(1, min(workers if can_start_workers() else 1, int(seconds // WORTHWHILE)))


def _programs(group: Group, studies: Sequence[Study], processes: int, memory: int) -> list[Program]:
    """A group's jobs in programs of about the same size: as many as it takes to keep within the cache and the memory.

    There are as many for each process, of which there are no more than are worth their while.
    """
    owners = [(job, seed) for job in group.jobs for seed in studies[job].seeds]
    total = len(owners)
    processes = max(1, min(_processes(_seconds(group, studies), processes), total // FEW))
    fitting = max(1, memory // (processes * bytes_per_replica(studies[group.jobs[0]])))
    count = math.ceil(math.ceil(total / min(fitting, MANY)) / processes) * processes
    cuts = [round(total * cut / count) for cut in range(count + 1)]
    return [Program(_slices(owners[start:end]), replica_axis=total > 1) for start, end in pairwise(cuts) if end > start]


def _slices(owners: Sequence[tuple[int, int]]) -> tuple[StudySlice, ...]:
    return tuple(StudySlice(job, tuple(seed for _, seed in own)) for job, own in groupby(owners, key=itemgetter(0)))


def bytes_per_replica(study: Study) -> int:
    """About how much memory one more replica takes.

    Its examples are there by themselves, stacked and in batches; of each parameter there are the start, the value, the gradient,
    what an optimizer remembers and the final weights; and each layer has its activations for a batch.
    """
    numbers, widths = _sizes(study)
    examples = 3 * sum(study.examples) * (widths[0] + 2 * widths[-1])
    return (examples + 8 * numbers + 2 * study.batch_size * sum(widths)) * study.dtype.itemsize


def _seconds(group: Group, studies: Sequence[Study]) -> float:
    """How long a group takes at least in one process."""
    study = studies[group.jobs[0]]
    numbers, widths = _sizes(study)
    step = PER_STEP + study.batch_size * (PER_PRODUCT * numbers + PER_ACTIVATION * sum(widths))
    steps = study.epochs * math.ceil(study.examples[0] / study.batch_size)
    return steps * step * sum(len(studies[job].seeds) for job in group.jobs)


def _sizes(study: Study) -> tuple[int, list[int]]:
    """How many numbers its layers' parameters and buffers have, and the width of its input and of each layer's output."""
    features, widths, numbers = study.features, [study.features], 0
    for layer in study.network.layers:
        params, features = layer.init(features, torch.Generator())
        widths.append(features)
        numbers += sum((leaf.value if isinstance(leaf, Buffer) else leaf).numel() for _, leaf in leaves(params))
    return numbers, widths


def run_study(study: Study, audience: Audience) -> StudyResult:
    """Trains every seed of the study and returns the result; `audience` hears of it.

    A seed that diverges is a failed run and a row of the result; the others are not touched. Anything else that goes wrong,
    and Ctrl-C, ends the study: its unfinished runs are reported as failed, and the exception is raised again.
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
