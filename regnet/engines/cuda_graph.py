"""CUDA graphs: a whole epoch's steps, captured once and then started by one call, so that the GPU never waits for Python."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from regnet.rng import Noise

log = logging.getLogger("regnet")

Batch = tuple[Tensor, Tensor]


class CapturedEpoch:
    """An epoch's training steps on a GPU: run as they are written the first time, captured the second, replayed from then on.

    The first time warms up what torch sets up on first use, and counts the noise that is drawn. A step that cannot be captured,
    since a component looks at its numbers, is run as it is written.
    """

    def __init__(self, step: Callable[[Batch, Noise], None], noise: Noise) -> None:
        """Takes the step as it is written, and where its noise comes from."""
        self._step = step
        self._tape = Tape(noise)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batches: Sequence[Batch] | None = None
        self._refused = False

    def run(self, batches: Sequence[Batch]) -> None:
        """The step on each batch in turn; the graph holds for the same tensors, whatever numbers they then hold."""
        if self._refused or self._batches is None:
            self._run(batches)
        else:
            if self._graph is None or batches is not self._batches:
                self._capture(batches)
            if self._graph is not None:
                self._tape.refill()
                self._graph.replay()
            else:
                self._run(batches)
        self._batches = batches

    def _run(self, batches: Sequence[Batch]) -> None:
        """The steps as they are written, on a stream of their own as capturing asks for."""
        self._tape.clear()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for batch in batches:
                self._step(batch, self._tape)
        torch.cuda.current_stream().wait_stream(stream)

    def _capture(self, batches: Sequence[Batch]) -> None:
        graph = torch.cuda.CUDAGraph()
        self._tape.rewind(batches[0][0])
        try:
            with torch.cuda.graph(graph):
                for batch in batches:
                    self._step(batch, self._tape)
        except RuntimeError as error:
            log.info("The epoch is run as its layers write it, since it cannot be captured in a CUDA graph: %s", error)
            self._graph = None
            self._refused = True
            return
        self._graph = graph


class Tape(Noise):
    """The noise of one epoch: passed on and counted while steps run as they are written, laid out beforehand for a graph.

    The numbers are those that the steps would have drawn one by one.
    """

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._shapes: list[torch.Size] = []
        self._numbers: Tensor | None = None
        """An epoch's noise, one request after another, on the GPU; None while noise is drawn as it is asked for."""
        self._used = 0

    def clear(self) -> None:
        """From here on noise is drawn as it is asked for, and what is asked for is counted anew."""
        self._shapes = []
        self._numbers = None

    def rewind(self, like: Tensor) -> None:
        """From here on the noise asked for is a part of what lies on the tape, of the type and device of `like`."""
        self._numbers = like.new_empty(sum(shape.numel() for shape in self._shapes))
        self._used = 0

    def refill(self) -> None:
        """Draws another epoch's noise onto the tape."""
        if self._shapes and self._numbers is not None:
            self._numbers.copy_(torch.cat([self._noise.rand(shape).flatten() for shape in self._shapes]))

    def rand_like(self, x: Tensor) -> Tensor:
        if self._numbers is None:
            self._shapes.append(x.shape)
            return self._noise.rand_like(x)
        start, self._used = self._used, self._used + x.numel()
        return self._numbers[start : self._used].view(x.shape)
