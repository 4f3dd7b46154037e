"""Data: tensors ready to train on.

Offers `prepare` (splitting, scaling, stacking by replica), `targets` (how targets are coded for a loss) and `batches` (the
order of examples).

May import contracts, rng.
"""
