"""Check a layer's randomness: equal numbers for equal seeds, different ones for different seeds, none while predicting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from regnet.check.comparison import EXACT, compare
from regnet.check.finding import Finding, Location, Property, Skip
from regnet.check.layers.case import MODES, LayerCase, normal
from regnet.check.layers.start import converted, init, named, plain_start
from regnet.check.randomness import global_draws, looks_random, watched_generators

GENERATOR = "the given generator"
NOISE = "context.noise.rand_like(x)"
FOR_NOISE = 64
"""The number of examples: enough that a layer which changes one number in a hundred changes some."""


def check_determinism(case: LayerCase) -> Iterator[Finding]:
    """`init` gives the same numbers for the same generator seed, and `forward` for the same noise seed."""
    with watched_generators() as moved:
        first, second = (named(plain_start(case.layer, case.in_features, 4)) for _ in range(2))
    yield from global_draws(Property.DETERMINISM, "init", moved, GENERATOR)
    for name in first if not moved else ():
        for finding in compare(
            Location(Property.DETERMINISM, name, "init called twice"), second[name], first[name], tolerance=EXACT
        ):
            yield replace(finding, cause=f"init draws from another source than {GENERATOR}")
    for training, mode in MODES.items():
        with watched_generators() as moved:
            y, repeated = (case.run(case.context(training)).y for _ in range(2))
        yield from global_draws(Property.DETERMINISM, "forward", moved, NOISE)
        location = Location(Property.DETERMINISM, "output", f"{mode.during}, the same pass twice")
        for finding in compare(location, repeated, y, tolerance=EXACT) if not moved else ():
            yield replace(finding, cause=f"forward draws from another source than {NOISE}, or depends on the previous call")


def check_independence(case: LayerCase) -> Iterator[Finding]:
    """Different seeds give different numbers: in `init`, if it draws, and in the output while training, if the layer is random."""
    yield from _independent_starts(case)
    if case.draws(training=True):
        outputs = [_output(case, True, seed) for seed in range(10)]
        all_same = all(torch.equal(outputs[0], output) for output in outputs)
        if all_same and not torch.equal(outputs[0], _output(case, False, 0)):  # else the noise has no effect, as with p=0
            location = Location(Property.INDEPENDENCE, "output", "training")
            yield location.finding("other numbers for another seed", "the same", "the noise asked for is the same for every seed")


def _independent_starts(case: LayerCase) -> Iterator[Finding]:
    generator = torch.Generator().manual_seed(1)
    state = generator.get_state()
    init(case.layer, case.in_features, generator)
    drawn = not torch.equal(generator.get_state(), state)
    first, second = (named(plain_start(case.layer, case.in_features, seed)) for seed in (1, 2))
    same = [name for name in first if torch.equal(first[name], second[name])]
    for name in same:
        if looks_random(first[name]):
            cause = "draws from its own generator with a fixed seed: draw from the given generator"
            yield Location(Property.INDEPENDENCE, name, "init").finding("other numbers for another seed", "the same", cause)
    if drawn and first and len(same) == len(first):
        cause = "draws from the generator, but does not use the numbers"
        yield Location(Property.INDEPENDENCE, "init()").finding("other numbers for another seed", "the same", cause)


def check_predicting(case: LayerCase) -> Iterator[Finding]:
    if case.draws(training=False):
        cause = "ignores context.training: a layer is random only while training"
        yield Location(Property.PREDICTING, "output", "predicting").finding("no random numbers", f"numbers from {NOISE}", cause)
    elif not case.draws(training=True):
        raise Skip("the layer draws no random numbers")


def _output(case: LayerCase, training: bool, seed: int) -> Tensor:
    x = normal(FOR_NOISE, case.in_features)
    with torch.inference_mode():
        return case.forward(converted(case.params, x.dtype), x, case.context(training, [seed]), MODES[training])[0]
