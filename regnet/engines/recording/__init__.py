"""Recording: a training step, run once as its layers write it, becomes a list of calls that is played on the same tensors again.

A layer written as its mathematics makes new tensors at every step, and views of its parameters, though both are the same each
time. So one step is watched: every operation that reaches a tensor is noted down with what it was given and what came out
(`recorder`). Then each result is given a lasting place, gradients theirs in the parameter store, and what nobody needs is left
out (`plan`). Last, the calls are written as a Python function that names nothing but tensors that exist (`script`). Playing it
gives the same numbers as the layers' own lines, to the last bit; where it does not, the layers' lines go on being used.

The idea is that of CUDA graphs, and of the tapes that PyTorch's own `make_fx` and JAX's tracing make.
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
    """A training step for batches of one shape: recorded on the first, tried on the second, played from then on.

    The trial runs the second batch both ways from the same start and compares every number that outlives a step. A step that
    cannot be recorded, since its layers look at numbers or draw their own, or that differs in the trial, is run as it is written.
    """

    def __init__(self, step: Step, noise: Noise, lasting: Callable[[], Sequence[Tensor]], gradients: Tensor) -> None:
        """Takes the step as it is written, and what it changes: the tensors that outlive it, and the gradients' flat tensor."""
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
        """The step on each batch in turn. Tensors that come again are remembered, whatever numbers they then hold."""
        rest = list(batches)
        while rest and not self._proven:
            batch = rest.pop(0)
            if self._refused:
                self._step(batch, self._noise)
            elif self._script is None:
                self._record(batch)
            else:
                self._try(self._script, batch)
        if rest and self._script:
            self._script.play([self._prepared(self._script, batch) for batch in rest])

    def forget_batches(self) -> None:
        """Lets go of the batches that have been remembered: others are to come."""
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

    def _try(self, script: Script, batch: Batch) -> None:
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


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers; "not a number" equals itself."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())
