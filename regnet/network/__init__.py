"""Network: layers in sequence and the flat store of their parameters.

Offers `sequential` and `parameters`.

May import contracts.
"""
