"""Lockstep over many studies: those that differ only in what replicas may differ in are trained as one program."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from regnet.contracts import Buffer
from regnet.listeners import Audience
from regnet.parameters import leaves
from regnet.replicas import Structure, structure
from regnet.runner import Outcome, run_jobs
from regnet.study import Study
from regnet.workers import possible, run_in_workers

WORTHWHILE = 500_000
"""Steps times replicas, a few seconds' work, that a process has to have to itself before another one is started."""
FEW = 32
"""Replicas below which a program takes noticeably more time for each of them."""


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


def run_together(studies: Sequence[Study], audience: Audience, workers: int = 1, memory: int | None = None) -> Iterator[Outcome]:
    """Trains every study, as few programs as possible, and yields what became of each as it is known.

    Args:
        studies: in any mixture; those that cannot go with others are trained by themselves.
        audience: hears of all of them.
        workers: how many processes may train at once.
        memory: bytes that a program may take, as far as that can be told beforehand; None for no limit.
    """
    programs = [program for group in plan(studies) for program in _programs(group.jobs, studies, workers, memory)]
    if workers > 1 and len(programs) > 1 and possible():
        yield from run_in_workers(programs, studies, audience, workers)
    else:
        for program in programs:
            yield from run_jobs(program, studies, audience)


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
    """The configs' options in which the studies differ."""
    flat = [dict(_flat(study.config)) for study in studies]
    differing = [key for key in flat[0] if any(other.get(key) != flat[0][key] for other in flat[1:])]
    return f"they differ in {', '.join(differing)}" if differing else "they are alike"


def _flat(value: object, where: str = "") -> Iterator[tuple[str, object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield where, value
    else:
        for key, item in items:
            yield from _flat(item, f"{where}.{key}" if where else str(key))


def _programs(jobs: Sequence[int], studies: Sequence[Study], workers: int, memory: int | None) -> list[list[int]]:
    """A group's jobs in as many programs as memory asks for, or as make it worth while to use several processes."""
    rows = [len(studies[job].seeds) for job in jobs]
    study, total = studies[jobs[0]], sum(rows)
    steps = study.epochs * math.ceil(study.examples[0] / study.batch_size)
    processes = max(1, min(workers, total * steps // WORTHWHILE, total // FEW))
    fitting = math.ceil(total * bytes_per_replica(study) / memory) if memory else 1
    count = math.ceil(fitting / processes) * processes  # as many for each process
    programs: list[list[int]] = []
    taken = 0
    for job, own in zip(jobs, rows, strict=True):
        if taken >= len(programs) * total / count:
            programs.append([])
        programs[-1].append(job)
        taken += own
    return programs


def bytes_per_replica(study: Study) -> int:
    """About how much memory one more replica takes.

    Its examples are there by themselves, stacked and in batches; of each parameter there are the start, the value, the gradient,
    what an optimizer remembers and the final weights; and each layer has its activations for a batch.
    """
    features, widths, numbers = study.features, [study.features], 0
    for layer in study.network.layers:
        params, features = layer.init(features, torch.Generator())
        widths.append(features)
        numbers += sum((leaf.value if isinstance(leaf, Buffer) else leaf).numel() for _, leaf in leaves(params))
    examples = 3 * sum(study.examples) * (widths[0] + 2 * widths[-1])
    return (examples + 8 * numbers + 2 * study.batch_size * sum(widths)) * study.dtype.itemsize
