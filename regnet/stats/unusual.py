"""Lines about runs that are unlike the others of their study: those that learned nothing, and those far from the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from regnet.stats.measure import Measure
from regnet.stats.outlying import far, rate, unseen
from regnet.stats.sample import Sample
from regnet.stats.wording import listed

SHARED = "Intervals and tests are corrected for the examples that two runs share (Nadeau and Bengio 2003)."
DEPENDS = "A mean and its interval depend on such runs, if they are few: the median and the IQM say what the others do."
MOST_LABELS = 3
"""The most studies that a line names."""
LISTED = 10
"""The most seeds that a line names."""


def unusual_lines(sample: Sample, measure: Measure, level: float = 0.95) -> Iterator[str]:
    """Yield a line for the runs that learned nothing, and one for others that are far from the rest."""
    values = sample.by_seed
    dead = [seed for seed in sample.unlearned if seed in values]
    odd = [seed for seed in far_seeds(sample) if seed not in sample.unlearned]
    if dead:
        reasons = "; ".join(dict.fromkeys(sample.unlearned[seed] for seed in dead))
        yield f"{_named(dead, values, measure)}: {_share(len(dead), len(values), level)} did not learn ({reasons})"
    if odd:
        yield f"{_named(odd, values, measure)}: {_share(len(odd), len(values), level)} ended far from the rest"


def unusual_notes(samples: Sequence[Sample], measure: Measure, level: float = 0.95) -> list[str]:
    """Return the lines about unusual runs; of several studies, first how many have such runs, and then each after its label."""
    found = [(sample.name, line) for sample in samples for line in unusual_lines(sample, measure, level)]
    affected = {label for label, _ in found}
    counted = [f"{len(affected)} of {len(samples)} studies have runs that are unlike their others."] if len(affected) > 1 else []
    lines = [f"{label}: {line}." if len(samples) > 1 else f"{line[0].upper()}{line[1:]}." for label, line in found]
    return [*counted, *lines, *([DEPENDS] if any(map(misleads, samples)) else [])]


def unseen_notes(samples: Sequence[Sample], level: float = 0.95) -> list[str]:
    """Say how frequent runs of a kind can be that the study with the fewest seeds, but not one alone, does not show."""
    counts = [len(sample.seeds) for sample in samples if len(sample.seeds) > 1]
    if not counts:
        return []
    share = f"{100 * unseen(min(counts), level):.2g} %"
    return [
        f"With {min(counts)} seeds, a kind of run that is up to {share} of all, such as dead networks, can be unseen: intervals "
        "and tests are about the kinds that are seen."
    ]


def populations(samples: Sequence[Sample]) -> list[str]:
    """Return what the runs of the studies vary in, each once, after the labels of its studies unless it is about all of them."""
    several = [sample for sample in samples if len(sample.seeds) > 1]
    labels: dict[str, list[str]] = {}
    for sample in several:
        labels.setdefault(sample.population, []).append(sample.name)
    labels.pop("", None)
    notes = [text if len(own) == len(several) else f"{listed(own, MOST_LABELS)}: {text}" for text, own in labels.items()]
    shared = max((sample.overlap for sample in several), default=0.0)
    return [*notes, *([SHARED] if shared else [])]


def far_seeds(sample: Sample) -> list[int]:
    """Return the seeds whose values are far from the rest."""
    return [sample.seeds[index] for index in far(np.asarray(sample.values, dtype=float)).tolist()]


def misleads(sample: Sample) -> bool:
    """Return whether the mean is not to be shown alone: some runs, but not half of them, learned nothing or are far away."""
    unlike = {*far_seeds(sample), *(seed for seed in sample.unlearned if seed in sample.by_seed)}
    return 0 < len(unlike) < len(sample.seeds) / 2


def _share(count: int, n: int, level: float) -> str:
    found = rate(count, n, level).interval
    assert found is not None
    runs = "1 run" if count == 1 else f"{count} runs"
    return f"{runs} of {n} ({100 * count / n:.3g} %, {100 * level:g} % interval {100 * found.low:.2g} to {100 * found.high:.3g} %)"


def _named(seeds: Iterable[int], values: dict[int, float], measure: Measure) -> str:
    seeds = list(seeds)
    named = ", ".join(f"{seed} ({measure.show(values[seed])})" for seed in seeds[:LISTED])
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {named}{', …' if len(seeds) > LISTED else ''}"
