"""Recording: run a training step once with the layers' own code, then replay its calls on the same tensors.

A layer that is written as its mathematics makes new tensors and views of its parameters at every step, though they are the same
each time. So one step is recorded: every operation on tensors, with its arguments and results (`recorder`). Then memory is
allocated for each result, in the parameter store for gradients, and operations whose results are not used are dropped (`plan`).
Last, the calls are compiled to a Python function that uses only existing tensors (`script`). Replaying it gives the same numbers
as the layers' own code, to the last bit; if it does not, the layers' code is used.

CUDA graphs work in the same way, and so do the traces of PyTorch's `make_fx` and of JAX.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from torch import Tensor

from regnet.engines.recording.plan import Plan, needed
from regnet.engines.recording.recorder import Batch, RecordedNoise, Recorder, RepeatedNoise
from regnet.engines.recording.script import Script
from regnet.rng import Noise

log = logging.getLogger("regnet")

Step = Callable[[Batch, Noise], None]


class RecordedStep:
    """A training step for batches of one shape: recorded on the first, tested on the second, replayed from then on.

    The test runs the second batch both ways from the same start and compares every number that outlives a step. A step is run
    eagerly if it cannot be recorded, since its layers read numbers or draw random ones themselves, or if it differs in the test.
    """

    def __init__(self, step: Step, noise: Noise, lasting: Callable[[], Sequence[Tensor]], gradients: Tensor) -> None:
        """Wrap `step`, which changes the tensors `lasting` that outlive it, and the flat tensor `gradients`."""
        self._step = step
        self._noise = noise
        self._lasting = lasting
        self._gradients = gradients
        self._script: Script | None = None
        self._drawn: Sequence[Tensor] = ()
        self._proven = False
        self._refused = False
        self._arguments: dict[tuple[int, int], tuple[Batch, tuple[Tensor, ...]]] = {}

    def run(self, batches: Sequence[Batch]) -> None:
        """Run the step on each batch in order. Preparations are cached for each batch's tensors, whatever numbers they hold."""
        rest = list(batches)
        while rest and not self._proven:
            batch = rest.pop(0)
            if self._refused:
                self._step(batch, self._noise)
            elif self._script is None:
                self._record(batch)
            else:
                self._test(self._script, batch)
        if rest and self._script:
            self._script.play([self._prepared(self._script, batch) for batch in rest])

    def forget_batches(self) -> None:
        """Clear the cached batches, since others will follow."""
        self._arguments.clear()

    def _prepared(self, script: Script, batch: Batch) -> tuple[Tensor, ...]:
        key = (id(batch[0]), id(batch[1]))
        if key not in self._arguments:
            self._arguments[key] = (batch, script.arguments(batch))
        return self._arguments[key][1]

    def _record(self, batch: Batch) -> None:
        recorder = Recorder()
        with recorder:
            self._step(batch, RecordedNoise(self._noise, recorder))
        if recorder.refusal:
            self._refuse(recorder.refusal)
            return
        self._drawn = recorder.drawn
        self._script = Script(Plan(needed(recorder.calls), self._gradients), batch)

    def _test(self, script: Script, batch: Batch) -> None:
        lasting = self._lasting()
        start = [tensor.clone() for tensor in lasting]
        try:
            script.play([script.arguments(batch)])
        except (RuntimeError, TypeError) as error:
            self._refuse(str(error))
        played = [tensor.clone() for tensor in lasting]
        for tensor, before in zip(lasting, start, strict=True):
            tensor.copy_(before)
        self._step(batch, RepeatedNoise(self._drawn))
        if not all(map(_equal, played, self._lasting())):
            self._refuse("it does not give the same numbers when it is played again")
        self._proven = not self._refused

    def _refuse(self, reason: str) -> None:
        log.info("The training step is run as its layers write it, since it cannot be recorded: %s", reason)
        self._refused = True
        self._script = None


def _equal(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same numbers; NaN equals NaN."""
    return bool(((a == b) | (a.isnan() & b.isnan())).all())
