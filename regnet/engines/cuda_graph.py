"""CUDA graphs: the steps of an epoch, captured once and then replayed by one call, so that the GPU does not wait for Python."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from regnet.rng import Noise

log = logging.getLogger("regnet")

Batch = tuple[Tensor, Tensor]


class CapturedEpoch:
    """An epoch's training steps on a GPU: run eagerly the first time, captured the second, replayed from then on.

    The first run initializes what torch sets up on first use, and counts the noise that is drawn. A step that cannot be
    captured, since a component reads its numbers, is run eagerly.
    """

    def __init__(self, step: Callable[[Batch, Noise], None], noise: Noise) -> None:
        """Wrap `step`, which draws its noise from `noise`."""
        self._step = step
        self._tape = Tape(noise)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batches: Sequence[Batch] | None = None
        self._refused = False

    def run(self, batches: Sequence[Batch]) -> None:
        """Run the step on each batch in order; the graph is valid for the same tensors, whatever numbers they hold."""
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
        """Run the steps eagerly, on a separate stream, as capturing requires."""
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
    """The noise of one epoch: drawn on request and counted while steps run eagerly, drawn beforehand for a graph.

    The numbers are the same in both cases.
    """

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._shapes: list[torch.Size] = []
        self._numbers: Tensor | None = None
        """An epoch's noise on the GPU, in the order of the requests; None while noise is drawn on request."""
        self._used = 0

    def clear(self) -> None:
        """Draw noise on request from now on, and restart counting the requests."""
        self._shapes = []
        self._numbers = None

    def rewind(self, like: Tensor) -> None:
        """Take noise from the tape from now on, with the type and device of `like`."""
        self._numbers = like.new_empty(sum(shape.numel() for shape in self._shapes))
        self._used = 0

    def refill(self) -> None:
        """Draw the noise of the next epoch onto the tape."""
        if self._shapes and self._numbers is not None:
            self._numbers.copy_(torch.cat([self._noise.rand(shape).flatten() for shape in self._shapes]))

    def rand_like(self, x: Tensor) -> Tensor:
        if self._numbers is None:
            self._shapes.append(x.shape)
            return self._noise.rand_like(x)
        start, self._used = self._used, self._used + x.numel()
        return self._numbers[start : self._used].view(x.shape)
