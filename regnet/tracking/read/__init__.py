"""Reading: from runs in a store to results.

Offers `params` (texts as values), `studies` (results), `select` and `deduplicate` (which
runs are meant), `dataframe` and `load` (as a table).

May import `tracking.store`, `tracking.ui`, what is below tracking.
"""
