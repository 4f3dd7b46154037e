"""Study: what is trained, and what came out of it.

Offers `study` (everything that determines the numbers), `identity` (which runs belong to one study), `result` (histories, weights
and failures by seed), `storage` (results on disk) and `labels` (names of studies beside one another).

May import contracts, data, encoding, network, registry, rng.
"""
