"""Training: from studies to results.

Offers `loop` (train epoch by epoch with any engine), `program` (one batched program and its events), `lockstep` (which studies
train together) and `worker_pool` (train in several processes).

May import config, contracts, data, engines, events, machine, metrics, network, processes, registry, rng, study.
"""
