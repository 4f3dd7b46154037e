"""Check that a layer changes only its buffers, and only while training, and stores nothing on `self` between calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from regnet.check.comparison import EXACT, compare
from regnet.check.diagnosis import UNKNOWN, Clues
from regnet.check.finding import Finding, Location, Property
from regnet.check.layers.case import BATCH, MODES, LayerCase, normal, title
from regnet.check.layers.start import converted, named
from regnet.check.mutation import IN_PLACE, Watched, tensors_in

NOT_A_BUFFER = IN_PLACE + "; state that forward changes must be marked as a Buffer in init"
STILL = "{call} changes a buffer while predicting: change it only if context.training"
OTHER_CALL = "uses state that another call has stored, not the given cache"


def check_purity(case: LayerCase) -> Iterator[Finding]:
    for training in MODES:
        with torch.inference_mode():
            yield from _one_pass(case, training)


def _one_pass(case: LayerCase, training: bool) -> Iterator[Finding]:
    mode = MODES[training]
    params, x, dy = converted(case.params, torch.float64), case.x.clone(), case.dy_for(case.x)
    tree = named(params)
    buffers = {name: tree[name] for name in case.start.buffers if not training}
    before = [(Watched({"input": x}), IN_PLACE), (Watched({name: tree[name] for name in case.start.trained}), NOT_A_BUFFER)]
    before.append((Watched(buffers), STILL))
    y, cache = case.forward(params, x, case.context(training), mode)
    for watched, cause in before:
        yield from watched.changed("forward", cause, mode.during)
    given = Watched({"dy": dy, "input": x, "output": y, **tree, **dict(tensors_in(cache, "cache"))})
    first = {name: tensor.clone() for name, tensor in case.backward(params, cache, dy, mode).items()}
    found = list(given.changed("backward", IN_PLACE, mode.during))
    yield from found
    if not found:
        for name, repeated in case.backward(params, cache, dy, mode).items():
            location = Location(Property.PURITY, title(name), f"{mode.during}, backward called twice")
            yield from compare(location, repeated, first[name], tolerance=EXACT)


def check_stateless(case: LayerCase) -> Iterator[Finding]:
    yield from case.snapshot.changes("pass what backward needs in the cache")
    for training in MODES:
        yield from _interleaved(case, training)


def _interleaved(case: LayerCase, training: bool) -> Iterator[Finding]:
    """A second forward between a forward and its backward makes no difference."""
    mode, other_x, dy = MODES[training], normal(BATCH, case.in_features, seed=9), case.dy_for(case.x)
    expected = case.run(case.context(training)).gradients
    mistaken = case.run(case.context(training), other_x, dy).gradients
    with torch.inference_mode():
        params = converted(case.params, torch.float64)
        _, cache = case.forward(params, case.x.clone(), case.context(training), mode)
        case.forward(converted(case.params, torch.float64), other_x, case.context(training), mode)
        got = case.backward(params, cache, dy, mode)
    for name in got:
        location = Location(Property.STATELESS, title(name), f"{mode.during}, another forward in between")
        clues = partial(Clues, suspects=[(OTHER_CALL, mistaken[name])])
        for finding in compare(location, got[name], expected[name], clues=clues):
            yield replace(finding, cause=OTHER_CALL) if finding.cause == UNKNOWN else finding
