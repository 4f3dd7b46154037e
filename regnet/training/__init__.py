"""Training: from studies to results.

Offers `loop` (train epoch by epoch with any engine), `evaluation` (the metrics after each epoch), `program` (one batched program
and its events), `lockstep` (which studies train together, as replicas along an axis of every tensor), `cost` (its estimate),
`checkpoint` and `keeper` (what is kept of a training), `worker_pool` (train in several processes), `worker` (what runs in each) and
`worker_messages` (what they send each other).

May import config, contracts, data, engines, events, machine, network, processes, registry, rng, study.
"""
