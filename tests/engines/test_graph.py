"""An epoch as a CUDA graph. Its noise is tested on every machine, the rest only with a GPU."""

from __future__ import annotations

import pytest
import torch

from regnet.engines.cuda_graph import Tape
from regnet.rng import Noise
from regnet.study.result import StudyResult
from tests.conftest import RunStudy
from tests.engines.test_agreement import agree
from tests.engines.test_lockstep import DISC, SEEDS, SMALL, every_study

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


@pytest.mark.parametrize("seeds", [(3,), SEEDS], ids=["solo", "lockstep"])
def test_tape_has_the_numbers_of_the_noise(seeds: tuple[int, ...]) -> None:
    axis = len(seeds) > 1
    front = (len(seeds),) if axis else ()
    requests = [torch.empty(*front, 5, 3), torch.empty(*front, 2, 3)]
    plain = Noise(seeds, replica_axis=axis)
    tape = Tape(Noise(seeds, replica_axis=axis))
    for like in requests:
        assert torch.equal(tape.rand_like(like), plain.rand_like(like))
    tape.rewind(requests[0])
    for _ in range(3):
        expected = [plain.rand_like(like) for like in requests]
        tape.refill()
        for like, numbers in zip(requests, expected, strict=True):
            assert torch.equal(tape.rand_like(like), numbers)
        tape.rewind(requests[0])


def on_both(run: RunStudy, *overrides: str, seeds: tuple[int, ...]) -> tuple[StudyResult, StudyResult]:
    options = (*SMALL, "epochs=5", *overrides, "dtype=float64")
    return run(*options, seeds=seeds), run(*options, seeds=seeds, device=torch.device("cuda"))


@needs_gpu
@every_study
@pytest.mark.parametrize("seeds", [(3,), SEEDS], ids=["solo", "lockstep"])
def test_gpu_gives_the_same_numbers(run: RunStudy, overrides: tuple[str, ...], seeds: tuple[int, ...]) -> None:
    agree(*on_both(run, *overrides, seeds=seeds), rtol=1e-6, atol=1e-8)


@needs_gpu
def test_captured_epoch_equals_its_steps(run: RunStudy) -> None:
    options = (*SMALL, *DISC, "epochs=5", "model.activation={name: dropout, p: 0.3}", "shuffle=true", "device=cuda")
    agree(run(*options, seeds=SEEDS), run(*options, "replay=false", seeds=SEEDS), rtol=1e-5, atol=1e-6)
