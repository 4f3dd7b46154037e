"""Study: what is trained, and the result.

Offers `study` (everything that determines the numbers), `identity` (which runs belong to one study), `result` (histories, weights
and failures by seed), `storage` (results on disk), `labels` (names that distinguish studies) and `flatten` (flat configurations).

May import contracts, data, encoding, network, registry, rng.
"""
