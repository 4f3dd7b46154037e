"""regnet's engines in the race, used as in any training: with its data, batches and trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regnet.bench.program import InProcess, Program

if TYPE_CHECKING:
    from regnet.study.study import Study


def prepare(study: Study, replicas: int) -> Program:
    """Prepare the study's engine with the seeds from 0 on, in lockstep if there are several."""
    from regnet.data.batches import Batches
    from regnet.data.prepare import stack
    from regnet.engines import make_trainer
    from regnet.rng import stream
    from regnet.training.evaluation import predict_all
    from regnet.training.loop import load_data

    seeds = range(replicas)
    data = load_data(study, seeds)
    train = (stack(data) if replicas > 1 else data[0]).train
    starts = [study.network.init(study.features, stream(seed, "weights"))[0] for seed in seeds]
    trainer = make_trainer(study, seeds, starts, replica_axis=replicas > 1)
    batches = Batches(train, study.batch_size, study.shuffle, seeds, drop_last=study.drop_last)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            trainer.train_epoch(batches.epoch())

    def judge() -> np.ndarray:
        return np.atleast_1d(study.loss.forward(predict_all(trainer.predict, train.x), train.target).numpy())

    return InProcess(run, judge)
