"""Training: from studies to results.

Offers `loop` (one epoch after another, for every engine), `program` (one batched program and its events), `lockstep` (which
studies train together), `worker_pool` (in which processes) and `runner` (one study).

May import config, contracts, data, engines, events, machine, metrics, network, processes, registry, rng, study.
"""
