"""Training: from studies to results.

Offers `loop` (one epoch after another, for every engine), `program` (one batched program and its events), `lockstep` (which
studies train together; one study alone) and `worker_pool` (in which processes).

May import config, contracts, data, engines, events, machine, metrics, network, processes, registry, rng, study.
"""
